// Package s3 runs zagg against S3 servers: one in the process, and versitygw where ZAGG_VERSITYGW names it.
package s3
