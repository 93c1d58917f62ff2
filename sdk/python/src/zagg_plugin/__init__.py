"""Write grids, product readers and statistics for zagg in Python, with numpy arrays as input and output, as a process.

    import numpy as np
    from zagg_plugin import Statistic, serve

    class Spread(Statistic):
        '''Maximum minus minimum.'''
        name = "spread"

        def compute(self, groups):
            h = groups["source"]
            return groups.reduce(np.maximum, h) - groups.reduce(np.minimum, h)

    if __name__ == "__main__":
        serve(Spread, name="example", version="1.0")
"""

from .columns import Column, Ragged
from .errors import Code, Error
from .fields import Field, Input, VectorDim
from .grid import Axis, Dim, Frame, Grid, Shard
from .reader import Batch, Filter, Granule, Identity, Query, Reader, Source, decoding
from .region import Region
from .server import serve
from .statistic import Groups, Statistic, per_cell

__all__ = [
    "Axis", "Batch", "Code", "Column", "Dim", "Error", "Field", "Filter", "Frame", "Granule", "Grid", "Groups", "Identity", "Input", "Query", "Ragged",
    "Reader", "Region", "Shard", "Source", "Statistic", "VectorDim", "decoding", "per_cell", "serve",
]
__version__ = "0.1.0"
