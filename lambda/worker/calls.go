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
	"github.com/englacial/zagg/internal/store"
)

// call answers an event of another mode than process.
func (in *invocation) call(ctx context.Context) (job.Response, error) {
	in.mirror.parseEssentials(in)
	d := &job.CallDone{Mode: job.ModeOf(in.event), Version: host.Version, RequestID: in.requestID}
	status, err := 200, error(nil)
	c, err := job.DecodeCall(in.event)
	if err == nil {
		err = checkKeys("output_credentials", c.OutputCredentials)
	}
	if err == nil {
		err = checkKeys("s3_credentials", c.S3Credentials)
	}
	if err == nil {
		err = in.checkTargets(c.StorePath, c.ResultURL, "")
	}
	if err == nil && c.GranuleURL != "" {
		err = in.checkScheme(c.GranuleURL)
	}
	var cfg *config.Config
	if err == nil && c.Config != nil {
		cfg, _, err = config.Parse("config", c.Config)
		in.mirror.config = cfg
	}
	if err != nil {
		status = 400
	} else if err = in.do(ctx, c, cfg, d); err != nil {
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

func (in *invocation) do(ctx context.Context, c *job.Call, cfg *config.Config, d *job.CallDone) error {
	limited, cancel, _ := limit(ctx)
	defer cancel()
	if c.Mode == job.ModePing {
		return in.ping(limited, c, cfg, d)
	}
	output, err := in.output(limited, c.OutputCredentials, c.Region, c.Terms, cfg, c.StorePath)
	if err != nil {
		return err
	}
	output = objstore.Retry(output, objstore.Policy{})
	d.Layout = "flat"
	if c.Mode == job.ModeClaim {
		err := store.PutClaim(limited, output, c.StorePath, c.Claim, c.IfMatch)
		d.Unmet = errors.Is(err, objstore.ErrPrecondition)
		return err
	}
	if cfg == nil { // to end a run there is nothing to do
		return nil
	}
	recipe, err := in.recipe(limited, cfg)
	if err == nil {
		recipe, err = recipe.As(c.Plugins)
	}
	if err != nil {
		return err
	}
	if err := checkOrders(c.ParentOrder, c.ChildOrder, recipe.Grid); err != nil {
		return err
	}
	if c.Mode == job.ModeSetup {
		return setup(limited, c, recipe, output, d)
	}
	return finalize(limited, c, recipe, output, d)
}

func setup(ctx context.Context, c *job.Call, recipe *host.Recipe, output core.ObjectStore, d *job.CallDone) error {
	p, err := recipe.PlanOf(ctx, c)
	if err != nil {
		return err
	}
	t, err := recipe.Template(p)
	if err != nil {
		return err
	}
	d.Fresh, err = t.Store.SetUp(ctx, output, c.StorePath, p, c.Overwrite, c.Selected)
	return err
}

func finalize(ctx context.Context, c *job.Call, recipe *host.Recipe, output core.ObjectStore, d *job.CallDone) error {
	if !c.Prune {
		return nil
	}
	p, err := recipe.PlanOf(ctx, c)
	if err != nil {
		return err
	}
	t, err := recipe.Template(p)
	if err != nil {
		return err
	}
	if err := t.Store.Check(ctx, output, c.StorePath); err != nil {
		return err
	}
	d.Removed, err = t.Store.Prune(ctx, output, c.StorePath, p)
	return err
}

// ping says what the worker can do, and tries whether it could do what is asked: compile the configuration and write
// beside the store.
func (in *invocation) ping(ctx context.Context, c *job.Call, cfg *config.Config, d *job.CallDone) error {
	manifest, err := json.Marshal(in.host.Manifest())
	if err != nil {
		return err
	}
	d.Manifest = manifest
	if cfg != nil {
		if _, err := in.recipe(ctx, cfg); err != nil {
			d.Check = "config"
			return err
		}
	}
	if c.StorePath == "" {
		return nil
	}
	output, err := in.output(ctx, c.OutputCredentials, c.Region, c.Terms, cfg, c.StorePath)
	if err == nil {
		err = in.probe(ctx, objstore.Retry(output, objstore.Policy{}), c.StorePath, d)
	}
	if err != nil {
		d.Check = "write_probe"
		return err
	}
	if err = in.begins(ctx, c, d); err != nil {
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
