// Command zagg-hdf is the bootstrap of a Lambda function that serves HDF5 files in S3 through the HDF REST API.
package main

import "github.com/englacial/zagg/lambda/hdf"

func main() { hdf.Main() }
