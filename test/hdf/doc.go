// Package hdf reads through the HDF REST API with the real client, h5pyd, in the last version that knows http+lambda:// and
// the current one, and compares with h5py.
package hdf
