package deploy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	templates "github.com/englacial/zagg/deploy"
)

// A Service is what can be stood up: a stack with one of bundle.Functions. Its template has the
// parameters ArtifactBucket, FunctionS3Key and those of commonParameters.
type Service struct {
	Name       string            // of --service
	Does       string            // "computes shards"
	Function   string            // of bundle.Functions
	Template   string            // CloudFormation
	StackName  string            // name of the stack if none is given
	Parameters map[string]string // template's parameter by flag, beside commonParameters
	Needs      []string          // flags without which no stack can be made
	Stays      [][2]string       // what the stack leaves: parameter with a bucket's name, what is in it
}

// Services are all that there are. A new one is an entry here and in bundle.Functions, and its flags in the command line.
func Services() map[string]Service {
	return map[string]Service{
		"worker": {
			Name: "worker", Does: "computes shards", Function: "worker", Template: templates.Template(), StackName: "zagg-backend", Needs: []string{"output-bucket"},
			Parameters: map[string]string{
				"output-bucket": "OutputBucketName", "output-prefix": "OutputPrefix", "create-output-bucket": "CreateOutputBucket", "granule-bucket": "GranuleBucketName",
				"output-key-arn": "OutputKeyArn", "granule-key-arn": "GranuleKeyArn", "failure-bucket": "FailureBucketName", "subnets": "SubnetIds", "security-groups": "SecurityGroupIds",
				"tmp": "EphemeralStorageSize", "reserved-concurrency": "ReservedConcurrency", "variants": "CreateMemoryVariants", "metrics": "CreateLogMetricFilters",
			},
			Stays: [][2]string{{"OutputBucketName", "stores"}, {"ArtifactBucket", "bundles"}},
		},
		"hdf": {
			Name: "hdf", Does: "serves HDF5 files through the HDF REST API", Function: "hdf", Template: templates.HDF(), StackName: "zagg-hdf", Needs: []string{"bucket"},
			Parameters: map[string]string{
				"bucket": "BucketName", "prefix": "Prefix", "second-bucket": "SecondBucketName", "public-prefix": "PublicPrefix", "s3-gateway": "S3Gateway",
				"http-api": "CreateHttpApi", "writes": "AllowWrites", "password": "Password", "reserved-concurrency": "ReservedConcurrency",
			},
			Stays: [][2]string{{"BucketName", "files"}, {"ArtifactBucket", "bundles"}},
		},
		"zipedit": {
			Name: "zipedit", Does: "changes files of a function's zip in place", Function: "zipedit", Template: templates.ZipEdit(), StackName: "zagg-zipedit", Needs: []string{"zip-bucket"},
			Parameters: map[string]string{"zip-bucket": "ZipBucketName", "zip-prefix": "ZipPrefix", "file-bucket": "FileBucketName", "zip-key-arn": "ZipKeyArn"},
			Stays:      [][2]string{{"ZipBucketName", "zips"}, {"ArtifactBucket", "bundles"}},
		},
	}
}

// commonParameters are the parameters that every template has, by flag.
func commonParameters() map[string]string {
	return map[string]string{
		"function-name": "FunctionName", "architecture": "Architecture", "memory": "MemorySize", "timeout": "Timeout", "log-days": "LogRetentionDays",
		"role-arn": "ExecutionRoleArn", "role-name": "ExecutionRoleName",
	}
}

// Parameter is the template's parameter of a flag; "": it has none.
func (s Service) Parameter(flag string) string {
	return cmp.Or(s.Parameters[flag], commonParameters()[flag])
}

// made reports whether a stack can be the service's: it has the parameters without which none can be made.
func (s Service) made(state *State) bool {
	return !slices.ContainsFunc(s.Needs, func(flag string) bool { _, ok := state.Parameters[s.Parameter(flag)]; return !ok })
}

// Check holds parameters that were given against what the service needs, with a new stack (create) and without, before anything is asked
// of AWS. The text is what is wrong with which flag; "": nothing.
func (s Service) Check(given map[string]string, create bool) string {
	if create {
		for _, flag := range s.Needs {
			if given[s.Parameter(flag)] == "" {
				return fmt.Sprintf("--%s is missing", flag)
			}
		}
	}
	if a, ok := given["Architecture"]; ok && a != "arm64" && a != "x86_64" {
		return fmt.Sprintf("--architecture is %q; have arm64, x86_64", a)
	}
	if create && given["CreateHttpApi"] == "true" && given["Password"] == "" {
		return "--http-api needs --password"
	}
	for _, flag := range []string{"output-prefix", "zip-prefix", "prefix", "public-prefix"} {
		if p := given[s.Parameter(flag)]; p != "" && !strings.HasSuffix(p, "/") {
			return fmt.Sprintf("--%s %q needs a slash at its end", flag, p)
		}
	}
	return ""
}

// RemainingBuckets says what a stack leaves.
func (s Service) RemainingBuckets(parameters map[string]string) string {
	var list []string
	for _, what := range s.Stays {
		if bucket := parameters[what[0]]; bucket != "" {
			list = append(list, fmt.Sprintf("s3://%s (%s)", bucket, what[1]))
		}
	}
	return strings.Join(list, ", ")
}
