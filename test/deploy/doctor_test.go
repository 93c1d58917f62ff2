//go:build suites

package deploy

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/deploy"
	"github.com/englacial/zagg/internal/bench"
)

// The AWS half of `zagg bench doctor` in an account without anything, after each step of the set-up, and with the blocks that
// keep a bucket private.
func TestDoctorAtAWS(t *testing.T) {
	moto(t)
	doctor := func() (wrong []string) {
		code, out, errs := zagg(t, "", "bench", "doctor", "--no-github", "--dist-bucket", "sliderule-public-cors")
		for line := range strings.Lines(out) {
			if name, ok := strings.CutPrefix(line, "missing  "); ok {
				wrong = append(wrong, strings.TrimSpace(name))
			}
			require.NotContains(t, line, "unknown")
		}
		require.Equal(t, min(len(wrong), 1), code, errs)
		return wrong
	}
	const (
		provider = "OpenID Connect provider token.actions.githubusercontent.com"
		account  = "the account does not block public buckets"
		block    = "bucket sliderule-public-cors does not block a public policy"
		policy   = "bucket sliderule-public-cors has a public policy"
		listed   = "bucket sliderule-public-cors can be listed by everybody"
	)
	require.Equal(t, []string{provider, "role zagg-benchmark", "role zagg-benchmark-deploy", "role zagg-lambda-release", policy, listed}, doctor())

	_, err := iam.NewFromConfig(awsConfig(t)).CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{
		Url: aws.String("https://" + bench.Provider), ClientIDList: []string{"sts.amazonaws.com"}, ThumbprintList: []string{strings.Repeat("a", 40)},
	})
	require.NoError(t, err)
	_, err = cloudformation.NewFromConfig(awsConfig(t)).CreateStack(t.Context(), &cloudformation.CreateStackInput{
		StackName: aws.String("zagg-benchmark-cicd"), TemplateBody: aws.String(deploy.BenchmarkCICD()), Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam},
	})
	require.NoError(t, err)
	// moto makes no policies of buckets from templates.
	r := newResolverOf(t, deploy.BenchmarkCICD(), nil)
	resource := r.resolve(t, r.document["Resources"].(map[string]any)["DistBucketPolicy"]).(map[string]any)
	document, err := json.Marshal(resource["Properties"].(map[string]any)["PolicyDocument"])
	require.NoError(t, err)
	_, err = bucketClient(t).PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("sliderule-public-cors"), Policy: aws.String(string(document))})
	require.NoError(t, err)
	require.Empty(t, doctor())

	_, err = bucketClient(t).PutPublicAccessBlock(t.Context(), &s3.PutPublicAccessBlockInput{Bucket: aws.String("sliderule-public-cors"),
		PublicAccessBlockConfiguration: &s3types.PublicAccessBlockConfiguration{RestrictPublicBuckets: aws.Bool(true)}})
	require.NoError(t, err)
	require.Equal(t, []string{block}, doctor())
	_, err = bucketClient(t).DeletePublicAccessBlock(t.Context(), &s3.DeletePublicAccessBlockInput{Bucket: aws.String("sliderule-public-cors")})
	require.NoError(t, err)

	blockAccount(t, true)
	require.Equal(t, []string{account}, doctor())
	blockAccount(t, false)
	_, err = bucketClient(t).DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: aws.String("sliderule-public-cors")})
	require.NoError(t, err)
	require.Equal(t, []string{policy}, doctor())
}

// blockAccount sets the account's block of public buckets.
func blockAccount(t *testing.T, on bool) {
	body := `<PublicAccessBlockConfiguration xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/"><BlockPublicPolicy>` + map[bool]string{true: "true", false: "false"}[on] +
		`</BlockPublicPolicy></PublicAccessBlockConfiguration>`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, os.Getenv("AWS_ENDPOINT_URL")+"/v20180820/configuration/publicAccessBlock", bytes.NewReader([]byte(body)))
	require.NoError(t, err)
	req.Header.Set("X-Amz-Account-Id", "123456789012")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20300101/us-west-2/s3/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Less(t, resp.StatusCode, 300, string(text))
}
