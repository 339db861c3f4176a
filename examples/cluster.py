"""A Ray cluster on this host, and a search that sends its trainings there: python cluster.py

On several hosts the first line is `ray start --head` on one of them and `ray start --address=…` on the others:
docs/cluster.md.
"""

from __future__ import annotations

from typing import Any

import ray

import nas


def main(budget: str = "1m", **settings: Any) -> None:
    context = ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    address = context.address_info["gcs_address"]
    try:
        result = nas.search("digits", budget=budget, ray_address=address, **settings)
        print(f"{len(result.candidates)} trainings on {address}; the best scores {result.best.score:.3f}")
    finally:
        ray.shutdown()


if __name__ == "__main__":
    main()
