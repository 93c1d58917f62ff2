// Package worker is the cloud worker: a Lambda function for provided.al2023 that computes shards with the same engine as
// a run on one machine. A program that links the plugins of its choice is five lines around Main.
//
// An event of mode "process" (or none) is a job.Job; "setup", "finalize" and "ping" are job.Calls. Every event is
// answered by a job.Response, {statusCode, body}: 200, or 400 where the event is wrong, or 500. Only a panic and what
// Lambda itself ends are errors of the function.
package worker
