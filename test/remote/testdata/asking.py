"""The statistic of inputs_test.go, in Python."""

import numpy as np
from zagg_plugin import Field, Input, Statistic, VectorDim, serve

EDGES = [-1e9, 0.0, 50.0, 500.0, 1e9]


class Asking(Statistic):
    """What a statistic may ask for, and heights in bins."""

    name = "asking"
    inputs = ("source", "w", "lon", "lat", "time", *(Input(n, per_cell=True) for n in ("cell_lon", "cell_lat", "cell_id", "cell_area")))
    outputs = (
        Field(dtype=np.float64, width=4, units="1", dim=VectorDim("height", edges=EDGES, units="m", attrs={"axis": "Z"}), attrs={"long_name": "share"}),
        Field("_asked", dtype=np.float64, width=7, fill="NaN", units="{source} {w}^-1", dim=VectorDim("asked")),
        Field("_when", dtype=np.float64, fill="NaN", units="{time}"),
        Field("_low", dtype=np.float64, width=4, fill="NaN", units="{source}", dim=VectorDim("height", edges=EDGES, units="m", attrs={"axis": "Z"})),
    )

    def compute(self, groups):
        def first(name):
            return np.asarray(groups[name], np.float64)[groups.offsets[:-1]]

        share = np.array([np.histogram(h, EDGES)[0] / len(h) for h in groups.split()]).reshape(len(groups), 4)
        cells = [groups.cells[n].astype(np.float64) for n in ("cell_lon", "cell_lat", "cell_id", "cell_area")]
        asked = np.stack([first("lon"), first("lat"), first("time"), *cells], axis=1)
        low = np.repeat(groups.reduce(np.minimum, np.asarray(groups["source"], np.float64))[:, None], 4, axis=1)
        return share, asked, first("time"), low


if __name__ == "__main__":
    serve(Asking, name="asking", version="1")
