// Package fleet runs jobs on AWS Lambda: one invocation for each shard, waited for or sent as an event whose result the
// worker leaves beside the store. What is throttled or lost on the way is sent again; what a function answers is final.
package fleet
