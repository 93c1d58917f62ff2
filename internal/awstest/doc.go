// Package awstest has what tests need of AWS: S3, which is versitygw or a server in this process, behind a proxy that injects
// faults and knows keys that expire or may not read everything; and random faults for the emulator of Lambda. No program
// that is shipped links it.
package awstest
