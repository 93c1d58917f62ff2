package store

import (
	"errors"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/zarr"
)

// A Layout says where everything of a store lies, by the store's address: below it the Zarr hierarchy, and beside it, in the
// folder "<store>.status", what zagg keeps of it. No other package spells these addresses.
//
//	<store>/zarr.json                                      root group
//	<store>/<group>/zarr.json                              group, with consolidated metadata
//	<store>/<group>/<array>/zarr.json, c/<block>           arrays: metadata, one object a shard
//	<store>.status/setup.json                              a set-up is under way
//	<store>.status/made.json                               what set-up wrote
//	<store>.status/claim.json                              which runs are at work
//	<store>.status/config.json                             the configuration that the store was made from
//	<store>.status/granules.json                           which granules the store was made from
//	<store>.status/records/<label>.json                    a shard is done
//	<store>.status/runs/<run>.json, .parquet               report of a run
//	<store>.status/<run>/run.json                          note of a run on Lambda
//	<store>.status/<run>/<label>.json                      answer of a job
//	<store>.status/<run>/granules/<label>.json             granules that were too many for an event
//	<store>.status/probe-<text>                            whether a worker may write here; deleted at once
type Layout string

// document ends the address of the metadata of a group or an array.
const document = "zarr.json"

// At is the layout of the store at an address, with or without a slash at its end.
func At(address string) Layout { return Layout(strings.TrimRight(address, "/")) }

// Object is the address of an object of the store, by the parts of its path below it.
func (l Layout) Object(path ...string) string {
	return zarr.Join(append([]string{string(l)}, path...)...)
}

// Metadata is the address of the metadata of a group or an array; without a path, of the root.
func (l Layout) Metadata(path ...string) string { return l.Object(append(path, document)...) }

// Below begins the addresses of all objects of the store, or of one of its groups.
func (l Layout) Below(path ...string) string { return l.Object(path...) + "/" }

// Status begins the addresses of what is kept beside the store.
func (l Layout) Status() string { return string(l) + ".status/" }

// Marker is the address of what tells that a set-up is under way.
func (l Layout) Marker() string { return l.Status() + "setup.json" }

// Made is the address of the record of the set-up.
func (l Layout) Made() string { return l.Status() + "made.json" }

// Claim is the address of what says which runs are at work.
func (l Layout) Claim() string { return l.Status() + "claim.json" }

// Config is the address of the configuration that the store was made from.
func (l Layout) Config() string { return l.Status() + "config.json" }

// Granules is the address of the list of granules that the store was made from.
func (l Layout) Granules() string { return l.Status() + "granules.json" }

// Records begins the addresses of the records.
func (l Layout) Records() string { return l.Status() + "records/" }

// Record is the address of one shard's record.
func (l Layout) Record(label string) string { return l.Records() + label + ".json" }

// Report is the address of the report of a run without what tells its format: ".json" or ".parquet".
func (l Layout) Report(runID string) string { return l.Status() + "runs/" + runID }

// Readable is the address of an object by which it is told whether objects can be read, where listing is not granted.
func (l Layout) Readable() string { return l.Status() + "readable.txt" }

// Unlisted is the way to a store and what lies beside it on a target that may not grant listing (objstore.Unlisted). Files are reached as
// they are. url is the store's, or one of what lies beside it.
func Unlisted(objects core.ObjectStore, url string) core.ObjectStore {
	url, _, _ = strings.Cut(url, statusFolder)
	if scheme := objstore.Scheme(url); scheme == "" || scheme == "file" {
		return objects
	}
	return objstore.Unlisted(objects, At(url).Readable(), At(url).Below(), At(url).Status())
}

// UnlistedToRead is Unlisted for who only reads a store, which is known by its root's document.
func UnlistedToRead(objects core.ObjectStore, url string) core.ObjectStore {
	if scheme := objstore.Scheme(url); scheme == "" || scheme == "file" {
		return objects
	}
	return objstore.UnlistedToRead(objects, At(url).Metadata(), At(url).Below(), At(url).Status())
}

// NeedsList explains an error to who may not list a store: what is left undone. Other errors stay as they are.
func NeedsList(err error, op, url, undone string) error {
	if !errors.Is(err, objstore.ErrUnlisted) {
		return err
	}
	return core.Wrapf(err, op, url, "%s without s3:ListBucket: %w", undone, err)
}

// Probe is the address of an object that is written to see whether that is allowed.
func (l Layout) Probe(name string) string { return l.Status() + "probe-" + name }

// Run is the folder of a run on Lambda.
func (l Layout) Run(runID string) RunFolder { return RunFolder(l.Status() + runID) }

// A RunFolder says where everything of one run on Lambda lies, by the folder's address.
type RunFolder string

// RunOf is the folder that a run's note lies in; false for any other address.
func RunOf(note string) (RunFolder, bool) {
	folder, ok := strings.CutSuffix(note, "/run.json")
	return RunFolder(folder), ok
}

// IsRun reports whether an address is, by its form, that of a run's folder and not of a store.
func IsRun(address string) bool { return strings.Contains(address, statusFolder) }

// statusFolder ends the address of the folder beside a store.
const statusFolder = ".status/"

// Note is the address of what says which shards were sent.
func (r RunFolder) Note() string { return string(r) + "/run.json" }

// Results begins the addresses of all answers.
func (r RunFolder) Results() string { return string(r) + "/" }

// Result is the address of the answer about a job.
func (r RunFolder) Result(label string) string { return r.Results() + label + ".json" }

// Started is the sign of life of the worker that has the job of a shard. It is listed with the results.
func (r RunFolder) Started(label string) string { return r.Results() + label + StartedSuffix }

// StartedSuffix is what signs of life end in.
const StartedSuffix = ".started"

// Granules is the address of a list of granules that was too long for an event.
func (r RunFolder) Granules(label string) string { return string(r) + "/granules/" + label + ".json" }
