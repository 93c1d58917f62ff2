package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/emulator"
)

// A function is deployed on the emulator, with its files behind a slow S3 server.
type function struct {
	o         options
	work      string
	s3        *awstest.S3
	lambda    *emulator.Lambda
	client    *lambda.Client
	bootstrap string
	deployed  int
}

const bucket = "granules"

func startFunction(ctx context.Context, o options, work string) (*function, error) {
	f := &function{o: o, work: work}
	var err error
	if f.bootstrap, err = build(ctx, work, "bootstrap", "./cmd/zagg-hdf", "-tags", "lambda.norpc"); err != nil {
		return nil, err
	}
	if f.s3, err = awstest.StartS3(ctx, awstest.S3Options{Exe: os.Getenv("ZAGG_VERSITYGW"), Buckets: []string{bucket}, Latency: o.latency}); err != nil {
		return nil, err
	}
	if f.lambda, err = emulator.New(emulator.Options{}); err != nil {
		return nil, err
	}
	for k, v := range f.lambda.Environ() {
		os.Setenv(k, v) //nolint:errcheck // this process is the bench alone
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(f.lambda.Region()))
	if err != nil {
		return nil, err
	}
	f.client = lambda.NewFromConfig(cfg, func(l *lambda.Options) { l.BaseEndpoint = aws.String(f.lambda.URL()) })
	return f, f.upload(ctx, "granule.h5", o.granule)
}

func (f *function) close() {
	f.lambda.Close() //nolint:errcheck // the bench ends
	f.s3.Close()     //nolint:errcheck // the bench ends
}

func (f *function) upload(ctx context.Context, key, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	access, secret := f.s3.Owner()
	store, err := s3store.New(ctx, s3store.Options{Endpoint: f.s3.Direct(), Region: "us-east-1", Credentials: &s3store.Credentials{AccessKeyID: access, SecretAccessKey: secret}})
	if err != nil {
		return err
	}
	return objstore.PutBytes(ctx, store, "s3://"+bucket+"/"+key, data, core.PutOptions{})
}

// cold deploys the function anew: its first invocation begins a sandbox.
func (f *function) cold() (name string, err error) {
	f.deployed++
	name = fmt.Sprintf("hdf%d", f.deployed)
	env := f.s3.Environ()
	env["AWS_S3_GATEWAY"], env["BUCKET_NAME"] = f.s3.URL(), bucket
	return name, f.lambda.Deploy(emulator.Function{Name: name, Bootstrap: f.bootstrap, Memory: 1024, Timeout: 30 * time.Second, Env: env})
}

// A reply is an answer with what it took.
type reply struct {
	body     json.RawMessage
	wall     time.Duration
	requests int64
}

func (f *function) get(ctx context.Context, name, path, domain string, params map[string]string, accept string) (reply, error) {
	all := map[string]string{"domain": domain}
	for k, v := range params {
		all[k] = v
	}
	event, err := json.Marshal(map[string]any{"method": "GET", "path": path, "params": all, "headers": map[string]string{"accept": accept}, "body": nil})
	if err != nil {
		return reply{}, err
	}
	before, began := f.s3.Usage().Requests, time.Now()
	out, err := f.client.Invoke(ctx, &lambda.InvokeInput{FunctionName: &name, Payload: event})
	if err != nil {
		return reply{}, err
	}
	r := reply{wall: time.Since(began), requests: f.s3.Usage().Requests - before}
	var answer struct {
		Status int `json:"statusCode"`
		Body   json.RawMessage
	}
	if err := json.Unmarshal(out.Payload, &answer); err != nil || answer.Status != 200 {
		return reply{}, fmt.Errorf("%s %v: %.300s", path, params, out.Payload)
	}
	r.body = answer.Body
	return r, nil
}

// slabs measures invocations that read a hyperslab of the granule.
func (f *function) slabs(ctx context.Context) error {
	name, err := f.cold()
	if err != nil {
		return err
	}
	r, err := f.get(ctx, name, "/", "/granule.h5", map[string]string{"h5path": f.o.dataset}, "application/json")
	if err != nil {
		return err
	}
	var o struct{ ID string }
	if err := json.Unmarshal(r.body, &o); err != nil {
		return err
	}
	var cold, warm []time.Duration
	var coldRequests, warmRequests int64
	for i := range f.o.repeat {
		if name, err = f.cold(); err != nil {
			return err
		}
		for _, into := range []struct {
			times    *[]time.Duration
			requests *int64
		}{{&cold, &coldRequests}, {&warm, &warmRequests}} {
			sel := map[string]string{"select": fmt.Sprintf("[%d:%d]", 100*i, 100*i+1000)}
			if r, err = f.get(ctx, name, "/datasets/"+o.ID+"/value", "/granule.h5", sel, "application/octet-stream"); err != nil {
				return err
			}
			*into.times, *into.requests = append(*into.times, r.wall), r.requests
		}
	}
	fmt.Printf("One hyperslab through the function, S3 answers after %s:\n\n| invocation | least ms | median | most | S3 requests |\n|---|---|---|---|---|\n", f.o.latency)
	printRow("cold, init and opening the file included", cold, fmt.Sprint(coldRequests))
	printRow("warm", warm, fmt.Sprint(warmRequests))
	fmt.Println()
	return nil
}

// listings measures a file of many objects, in the old and the new form of groups, each asked of a cold function.
func (f *function) listings(ctx context.Context) error {
	fmt.Printf("A file of %d objects in one group, cold:\n\n| request | least ms | median | most | S3 requests |\n|---|---|---|---|---|\n", f.o.objects)
	for _, form := range []string{"earliest", "latest"} {
		file := filepath.Join(f.work, form+".h5")
		if out, err := exec.CommandContext(ctx, f.o.python, "bench/hdf/objects.py", file, form, fmt.Sprint(f.o.objects)).CombinedOutput(); err != nil {
			return fmt.Errorf("objects.py: %w\n%s", err, out)
		}
		if err := f.upload(ctx, form+".h5", file); err != nil {
			return err
		}
		name, err := f.cold()
		if err != nil {
			return err
		}
		r, err := f.get(ctx, name, "/", "/"+form+".h5", nil, "application/json")
		if err != nil {
			return err
		}
		var d struct{ Root string }
		if err := json.Unmarshal(r.body, &d); err != nil {
			return err
		}
		for _, what := range []struct{ label, path string }{{"links of the group", "/groups/" + d.Root + "/links"}, {"ids of all datasets", "/datasets"}} {
			var all []time.Duration
			for range max(f.o.repeat/4, 1) {
				if name, err = f.cold(); err != nil {
					return err
				}
				if r, err = f.get(ctx, name, what.path, "/"+form+".h5", nil, "application/json"); err != nil {
					return err
				}
				all = append(all, r.wall)
			}
			printRow(what.label+", "+form, all, fmt.Sprint(r.requests))
		}
	}
	fmt.Println()
	return nil
}
