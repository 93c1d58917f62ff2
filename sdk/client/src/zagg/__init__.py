"""Grid satellite point measurements into Zarr, from Python.

    import zagg

    ds = zagg.run(config="atl06", granules="granules/*.h5", store="heights.zarr")
    ds["h_mean"].max()

The work is done by the program zagg, which this package carries. Functions give what they wrote back lazily, decoded for
xarray and xdggs; what goes wrong is a `ZaggError`.
"""
from __future__ import annotations

from ._agg import agg
from ._commands import cost, plot, run, shardmap
from ._granules import Granules
from ._open import open_store as open
from ._program import ZaggError, program, version

__all__ = ["Granules", "ZaggError", "agg", "cost", "open", "plot", "program", "run", "shardmap", "version"]
