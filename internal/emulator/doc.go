// Package emulator is AWS Lambda on one machine, for users without AWS and for tests: the part of Lambda and CloudWatch that
// zagg uses.
//
// It answers the real API (Invoke in its three forms, GetFunction, GetAccountSettings and so on) in front of the real Runtime
// API: a function is the bootstrap that would be deployed, and each of its sandboxes is a process of it. Time-outs, memory,
// concurrency and payloads are limited as AWS documents it. What goes wrong with a call can be said from outside (SetFault).
//
// What it is measured against are the Lambda API reference and the chapters "Lambda quotas", "Understanding function
// scaling", "Asynchronous invocation", "Using the Lambda runtime API" and "Lambda execution environment" of the AWS Lambda
// developer guide. It does not check signatures of Lambda requests, and memory is looked at every few milliseconds: a
// sandbox that allocates faster is killed late.
package emulator
