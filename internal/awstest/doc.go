// Package awstest is AWS on one machine: the part of Lambda, CloudWatch and S3 that zagg uses, for tests and for users
// without AWS.
//
// Lambda answers the real API (Invoke in its three forms, GetFunction, GetAccountSettings and so on) in front of the real
// Runtime API: a function is the bootstrap that would be deployed, and each of its sandboxes is a process of it. Time-outs,
// memory, concurrency and payloads are limited as AWS documents it, and faults can be injected. S3 is versitygw or a
// server in this process, behind a proxy that injects faults and knows keys that expire or may not read everything.
//
// What it is measured against are the Lambda API reference and the chapters "Lambda quotas", "Understanding function
// scaling", "Asynchronous invocation", "Using the Lambda runtime API" and "Lambda execution environment" of the AWS Lambda
// developer guide. It does not check signatures of Lambda requests, and memory is looked at every few milliseconds: a
// sandbox that allocates faster is killed late.
package awstest
