"""Writes a file of many datasets in one group. usage: objects.py FILE earliest|latest COUNT"""

import sys

import h5py
import numpy as np

path, libver, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with h5py.File(path, "w", libver=libver) as f:
    for i in range(count):
        f.create_dataset("dataset %05d" % i, data=np.arange(i % 7 + 1))
