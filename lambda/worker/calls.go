package worker

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/store"
)

// call answers an event of another mode than process.
func (in *invocation) call(ctx context.Context) (job.Response, error) {
	in.mirror.parseEssentials(in)
	d := &job.CallDone{Mode: job.ModeOf(in.event), Version: host.Version, RequestID: in.requestID}
	status := 200
	limited, cancel, _ := limit(ctx)
	defer cancel()
	p, err := in.prepareCall(limited, d)
	if err != nil {
		status = 400
	} else if err = in.do(limited, p, d); err != nil {
		status = 500
	}
	if _, ok := errors.AsType[*misfitError](err); ok {
		status = 400
	}
	if _, ok := errors.AsType[*panicError](err); ok {
		status = 500
	}
	d.OK = err == nil
	d.DurationS = time.Since(in.start).Seconds()
	if err != nil {
		text := plainText(err)
		d.Error, d.Code = &text, core.CodeOf(err).String()
	}
	in.log.Info("call_complete", "mode", d.Mode, "ok", d.OK, "error", d.Error, "duration_s", d.DurationS, "request_id", in.requestID)
	r, e := job.NewResponse(status, d)
	if e == nil {
		text, outcome := "", job.OK
		if d.Error != nil {
			text, outcome = *d.Error, job.Failed
		}
		e = in.publish(ctx, r, text, outcome)
	}
	return r, e
}

// A prepared is a call with what its configuration makes, as far as its mode needs it.
type prepared struct {
	*job.Call
	config   *config.Config // nil: the event has none
	plan     *plan.Plan     // of setup, and of finalize that prunes
	template *host.Template // of the same
}

// prepareCall reads the event and turns its configuration into things; every error but a panic is the event's.
func (in *invocation) prepareCall(ctx context.Context, d *job.CallDone) (*prepared, error) {
	c, err := job.DecodeCall(in.event)
	if err != nil {
		return nil, err
	}
	if err := checkKeys("output_credentials", c.OutputCredentials); err != nil {
		return nil, err
	}
	if err := checkKeys("s3_credentials", c.S3Credentials); err != nil {
		return nil, err
	}
	if err := in.checkTargets(c.StorePath, c.ResultURL, ""); err != nil {
		return nil, err
	}
	if c.GranuleURL != "" {
		if err := in.checkScheme(c.GranuleURL); err != nil {
			return nil, err
		}
	}
	if c.Mode == job.ModePing { // whatever the configuration is
		if d.Manifest, err = json.Marshal(in.host.Manifest()); err != nil {
			return nil, err
		}
	}
	p := &prepared{Call: c}
	if c.Config == nil {
		return p, nil
	}
	p.config, _, err = config.Parse("config", c.Config)
	in.mirror.config = p.config
	if err != nil || c.Mode == job.ModeClaim { // which needs no more than its endpoint
		return p, err
	}
	if err = in.compile(ctx, p); err != nil && c.Mode == job.ModePing {
		d.Check = "config"
	}
	return p, err
}

// compile makes of the configuration what the call's mode needs.
func (in *invocation) compile(ctx context.Context, p *prepared) error {
	recipe, err := in.recipe(ctx, p.config)
	if err == nil {
		recipe, err = recipe.As(p.Plugins)
	}
	if err == nil {
		err = checkOrders(p.ParentOrder, p.ChildOrder, recipe.Grid)
	}
	if err != nil || p.Mode != job.ModeSetup && !(p.Mode == job.ModeFinalize && p.Prune) {
		return err
	}
	if p.plan, err = recipe.PlanOf(ctx, p.Call); err == nil {
		p.template, err = recipe.Template(p.plan)
	}
	return err
}

func (in *invocation) do(ctx context.Context, p *prepared, d *job.CallDone) error {
	if p.Mode == job.ModePing {
		return in.ping(ctx, p, d)
	}
	output, err := in.output(ctx, p.OutputCredentials, p.Region, p.Terms, p.config, p.StorePath)
	if err != nil {
		return err
	}
	output = objstore.Retry(output, objstore.Policy{})
	d.Layout = "flat"
	switch {
	case p.Mode == job.ModeClaim:
		err = store.PutClaim(ctx, output, p.StorePath, p.Claim, p.IfMatch)
		d.Unmet = errors.Is(err, objstore.ErrPrecondition)
	case p.Mode == job.ModeSetup:
		d.Fresh, err = p.template.Store.SetUp(ctx, output, p.StorePath, p.plan, p.Overwrite, p.Selected)
	case p.template != nil: // to end a run that removes nothing there is nothing to do
		if err = checkFits(ctx, p.template, output, p.StorePath); err == nil {
			d.Removed, err = p.template.Store.Prune(ctx, output, p.StorePath, p.plan)
		}
	}
	return err
}

// ping says what the worker can do, and tries whether it could write beside the store.
func (in *invocation) ping(ctx context.Context, p *prepared, d *job.CallDone) error {
	if p.StorePath == "" {
		return nil
	}
	output, err := in.output(ctx, p.OutputCredentials, p.Region, p.Terms, p.config, p.StorePath)
	if err == nil {
		err = in.probe(ctx, objstore.Retry(output, objstore.Policy{}), p.StorePath, d)
	}
	if err != nil {
		d.Check = "write_probe"
		return err
	}
	if err = in.begins(ctx, p.Call, d); err != nil {
		d.Check = "granule_probe"
	}
	return err
}

// begins reads the first bytes of a granule, as a shard would. That it is not there is for the shards to say that need it.
func (in *invocation) begins(ctx context.Context, c *job.Call, d *job.CallDone) error {
	if c.GranuleURL == "" {
		return nil
	}
	source, err := in.open(ctx, c.S3Credentials, "", c.Region, job.Terms{RequesterPays: c.RequesterPays}, c.GranuleURL)
	if err == nil {
		_, err = objstore.RetryReader(source, objstore.Policy{}).ReadRanges(ctx, c.GranuleURL, []core.Range{{Length: 8}})
	}
	d.Granule = "ok"
	switch {
	case core.Is(err, core.NotFound):
		d.Granule, err = err.Error(), nil
	case err != nil:
		d.Granule = "failed"
	}
	return err
}

// probe does to an empty object beside the store what a shard does to a store: writes it, reads it, looks for one that is not
// there, and deletes it.
func (in *invocation) probe(ctx context.Context, output core.ObjectStore, address string, d *job.CallDone) error {
	url := store.At(address).Probe(rand.Text())
	d.ProbeKey = url
	if err := objstore.PutBytes(ctx, output, url, nil, core.PutOptions{}); err != nil {
		d.WriteProbe = "failed"
		return err
	}
	if err := reads(ctx, output, url); err != nil {
		return err
	}
	if err := in.lists(ctx, output, url, d); err != nil {
		return err
	}
	d.WriteProbe, d.ProbeDelete = "ok", "ok"
	if err := output.Delete(ctx, url); err != nil { // who may not delete may still write
		d.ProbeDelete = err.Error()
	}
	return nil
}

// lists tries out whether what was written can be listed, which a run does without where it is not granted.
func (in *invocation) lists(ctx context.Context, output core.ObjectStore, url string, d *job.CallDone) error {
	seen := false
	err := output.List(ctx, url, func(core.ObjectInfo) error {
		seen = true
		return nil
	})
	switch {
	case errors.Is(err, objstore.ErrUnlisted):
		d.ListProbe = "not granted"
		return nil
	case err != nil:
		return core.Wrapf(err, "ping", url, "it was written and cannot be listed: %w", err)
	case !seen:
		return core.Errorf(core.Unavailable, "ping", url, "it was written, and a listing does not have it")
	}
	d.ListProbe = "ok"
	return nil
}

// reads tries out whether an object that was written can be read, and that one which is not there is known for that.
func reads(ctx context.Context, output core.ObjectStore, url string) error {
	if _, err := output.Stat(ctx, url); err != nil {
		return core.Wrapf(err, "ping", url, "it was written and cannot be read; the function needs s3:GetObject: %w", err)
	}
	if _, err := output.Stat(ctx, url+"-not-there"); !core.Is(err, core.NotFound) {
		return core.Wrapf(err, "ping", url+"-not-there", "whether an object is there cannot be told; the function needs s3:GetObject on all of the store, or s3:ListBucket on its bucket: %w", err)
	}
	return nil
}
