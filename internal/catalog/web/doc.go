// Package web asks HTTP services for answers that fit in memory, the way catalogs need it: every try has a time limit,
// answers have a size limit, an answer cut short is asked for again, waits between tries are random ("full jitter") and
// no shorter than a service's Retry-After, and credentials do not follow a redirect to another host.
package web
