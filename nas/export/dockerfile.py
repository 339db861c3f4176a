"""A container in which an export runs with nothing but torch for CPUs and what its code needs."""

from __future__ import annotations

import platform

FILE = "Dockerfile"
TEXT = """# The network of this folder on the CPU, with nothing of the search that found it.
#   docker build -t network .
#   {run}
FROM python:{version}-slim
WORKDIR /network
COPY requirements.txt .
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu -r requirements.txt
COPY {files} ./
{start}
"""


def dockerfile(raw: bool) -> str:
    """The text of `Dockerfile`.

    Args:
        raw: whether the export takes raw rows: the container then runs `predict.py` on a file, else it opens Python.
    """
    version = ".".join(platform.python_version_tuple()[:2])
    files = "model.py weights.pt"
    if raw:
        run = "docker run -v $PWD:/data network /data/FILE --out /data/predictions.csv"
        files += " predict.py preprocess.json schema.json"
        return TEXT.format(version=version, files=files, run=run, start='ENTRYPOINT ["python", "predict.py"]')
    run = "docker run -it network    # then: from model import load; network = load()"
    return TEXT.format(version=version, files=files, run=run, start='CMD ["python"]')
