// Command zagg-zipedit is the bootstrap of a Lambda function that changes files of a zip in S3 in place.
package main

import "github.com/englacial/zagg/lambda/zipedit"

func main() { zipedit.Main() }
