// Package lambda runs the cloud worker as it is deployed: its zip in the emulator of package awstest, with events as the
// earlier system sends them, beside an S3 server, and holds what it writes against a run on one machine.
package lambda
