// Package deploy holds what zagg's functions on AWS are made from: a CloudFormation template, and a script that needs
// nothing but the aws command. `zagg deploy` uses the same template.
package deploy

import _ "embed"

//go:embed template.yaml
var template string

// Template is the CloudFormation template, YAML.
func Template() string { return template }
