// Package h5cli compares what `zagg h5 show --recursive --json` says of files with what h5py reads. It needs ZAGG_PYTHON, an
// interpreter with the packages of test/requirements.txt.
package h5cli
