// Package earthdata logs in to NASA's Earthdata Login and gets the temporary keys that open an archive's S3 buckets.
//
// Who one is comes from EARTHDATA_TOKEN, from EARTHDATA_USERNAME and EARTHDATA_PASSWORD, or from a netrc file. Name and
// password go to Earthdata Login alone, a token there and to the archive's credentials service; both over HTTPS only.
// Keys live in memory and are renewed before they expire. However a secret is printed or logged, it does not show.
package earthdata
