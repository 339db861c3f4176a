#!/usr/bin/env bash
# From a search to a served model that gives way only to a better one: search, deploy, ask over HTTP, evolve, go back.
#
#     examples/deploy_and_evolve.sh FOLDER [PORT]
#
# FOLDER is made, with the data, the searches and an MLflow store in it. The server listens on this machine only.
# What a cron line needs is the part from `nas evolve` on, once a week, with the new data.
set -euo pipefail
mkdir -p "$1"
cd "$1"
port=${2:-5055}
export MLFLOW_TRACKING_URI="sqlite:///$PWD/mlflow.db" MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false

python -c "from sklearn.datasets import load_iris; load_iris(as_frame=True).frame.to_csv('iris.csv', index=False)"
nas search iris.csv --target target --budget "2 trials" --epochs 5 --executor local --baselines majority \
    --tracking-uri "$MLFLOW_TRACKING_URI" --directory first
nas deploy first --name iris

mlflow models serve -m models:/iris@champion --env-manager local --host 127.0.0.1 --port "$port" --workers 1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/ping"; do
    kill -0 "$server" # else it has ended, and there is nothing to wait for
    sleep 0.5
done
ask() { curl --silent --write-out '\n%{http_code}\n' --header 'Content-Type: application/json' --data "$1" \
    "http://127.0.0.1:$port/invocations"; }
ask '{"inputs": [{"sepal length (cm)": 5.1, "sepal width (cm)": 3.5, "petal length (cm)": 1.4, "petal width (cm)": 0.2}]}'
ask '{"inputs": [{"sepal length (cm)": "long"}]}' # refused by a 400, with the reason

nas evolve iris --data iris.csv --target target --budget "2 trials" --executor local --directory second \
    --tracking-uri "$MLFLOW_TRACKING_URI"
nas deploy --name iris --version 1 --tracking-uri "$MLFLOW_TRACKING_URI" # back to the first, whatever came of it
