// Package hdf is the Lambda function that serves HDF5 files in S3 through the HDF REST API (internal/hdfrest), as a
// library. It takes the events that h5pyd sends through http+lambda:// and those of an API Gateway HTTP API (format 2.0),
// and remembers the metadata of the last files between events.
package hdf
