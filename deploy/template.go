// Package deploy holds what zagg's functions on AWS are made from: a CloudFormation template for each, and a script that
// needs nothing but the aws command. `zagg deploy` uses the same templates.
package deploy

import _ "embed"

var (
	//go:embed template.yaml
	template string
	//go:embed hdf.yaml
	hdf string
	//go:embed zipedit.yaml
	zipEdit string
	//go:embed benchmark_cicd.yaml
	benchmarkCICD string
)

// Template is the CloudFormation template of the function that computes shards, YAML.
func Template() string { return template }

// HDF is the CloudFormation template of the function that serves HDF5 files.
func HDF() string { return hdf }

// ZipEdit is the CloudFormation template of the function that changes files of a function's zip.
func ZipEdit() string { return zipEdit }

// BenchmarkCICD is the CloudFormation template of the roles that continuous integration assumes, and of the bucket that
// releases are distributed from.
func BenchmarkCICD() string { return benchmarkCICD }
