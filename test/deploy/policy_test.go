//go:build suites

package deploy

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/englacial/zagg/deploy"
)

// A statement is one of a policy after the template's functions were worked out.
type statement struct {
	actions, resources []string
	prefixes           []string // s3:prefix patterns of a condition
}

// resolver works out CloudFormation's functions for given parameters.
type resolver struct {
	values     map[string]string
	conditions map[string]any
	document   map[string]any
}

// newResolver is for the template of the function that computes shards.
func newResolver(t *testing.T, given map[string]string) *resolver {
	return newResolverOf(t, deploy.Template(), given)
}

func newResolverOf(t *testing.T, template string, given map[string]string) *resolver {
	var file yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(template), &file))
	doc, ok := plain(file.Content[0]).(map[string]any)
	require.True(t, ok)
	conditions, _ := doc["Conditions"].(map[string]any)
	r := &resolver{document: doc, conditions: conditions, values: map[string]string{
		"AWS::Partition": "aws", "AWS::Region": "us-west-2", "AWS::AccountId": "123456789012",
	}}
	for name, p := range doc["Parameters"].(map[string]any) {
		if d, ok := p.(map[string]any)["Default"]; ok {
			r.values[name] = text(d)
		}
	}
	for name, v := range given {
		r.values[name] = v
	}
	return r
}

// plain turns a YAML node into maps, slices and strings; a tag !X gives {"Fn::X": value}.
func plain(n *yaml.Node) any {
	v := untagged(n)
	if name, ok := strings.CutPrefix(n.Tag, "!"); ok && !strings.HasPrefix(name, "!") {
		return map[string]any{"Fn::" + name: v}
	}
	return v
}

func untagged(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plain(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		var list []any
		for _, v := range n.Content {
			list = append(list, plain(v))
		}
		return list
	}
	return n.Value
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// resolve gives v without functions; nil is AWS::NoValue.
func (r *resolver) resolve(t *testing.T, v any) any {
	switch v := v.(type) {
	case []any:
		var list []any
		for _, e := range v {
			if e = r.resolve(t, e); e != nil {
				list = append(list, e)
			}
		}
		return list
	case map[string]any:
		if len(v) == 1 {
			for name, arg := range v {
				if strings.HasPrefix(name, "Fn::") {
					return r.call(t, name, arg)
				}
			}
		}
		m := map[string]any{}
		for k, e := range v {
			if e = r.resolve(t, e); e != nil {
				m[k] = e
			}
		}
		return m
	}
	return v
}

func (r *resolver) call(t *testing.T, name string, arg any) any {
	switch name {
	case "Fn::Ref":
		if text(arg) == "AWS::NoValue" {
			return nil
		}
		if _, ok := r.document["Resources"].(map[string]any)[text(arg)]; ok {
			return "ref:" + text(arg)
		}
		v, ok := r.values[text(arg)]
		require.True(t, ok, "unknown reference %v", arg)
		return v
	case "Fn::Join":
		list := arg.([]any)
		parts, ok := r.resolve(t, list[1]).([]any)
		if !ok { // a parameter that is a list, as text
			return strings.ReplaceAll(text(r.resolve(t, list[1])), ",", text(list[0]))
		}
		return strings.Join(texts(parts), text(list[0]))
	case "Fn::Sub":
		s := text(arg)
		if list, ok := arg.([]any); ok {
			s = text(list[0])
			for k, v := range list[1].(map[string]any) {
				s = strings.ReplaceAll(s, "${"+k+"}", text(r.resolve(t, v)))
			}
		}
		for k, v := range r.values {
			s = strings.ReplaceAll(s, "${"+k+"}", v)
		}
		require.NotContains(t, s, "${")
		return s
	case "Fn::If":
		list := arg.([]any)
		if r.holds(t, r.conditions[text(list[0])]) {
			return r.resolve(t, list[1])
		}
		return r.resolve(t, list[2])
	case "Fn::GetAtt":
		return "arn:of:" + text(arg)
	}
	t.Fatalf("no function %s", name)
	return nil
}

func (r *resolver) holds(t *testing.T, condition any) bool {
	for name, arg := range condition.(map[string]any) {
		list, _ := arg.([]any)
		switch name {
		case "Fn::Equals":
			return text(r.resolve(t, list[0])) == text(r.resolve(t, list[1]))
		case "Fn::Condition":
			return r.holds(t, r.conditions[text(arg)])
		case "Fn::And":
			return r.holds(t, list[0]) && r.holds(t, list[1])
		case "Fn::Not":
			return !r.holds(t, list[0])
		}
	}
	t.Fatalf("no condition %v", condition)
	return false
}

// statements are those of all policies of the role.
func (r *resolver) statements(t *testing.T) []statement {
	resources := r.document["Resources"].(map[string]any)
	role := r.resolve(t, resources["ExecutionRole"]).(map[string]any)
	policies := role["Properties"].(map[string]any)["Policies"].([]any)
	for _, name := range slices.Sorted(maps.Keys(resources)) {
		if one := resources[name].(map[string]any); one["Type"] == "AWS::IAM::Policy" && r.holds(t, r.conditions[text(one["Condition"])]) {
			policies = append(policies, r.resolve(t, one["Properties"]))
		}
	}
	return statementsOf(t, policies)
}

// roleStatements are those of the inline policies of one role.
func (r *resolver) roleStatements(t *testing.T, role string) []statement {
	resolved := r.resolve(t, r.document["Resources"].(map[string]any)[role]).(map[string]any)
	return statementsOf(t, resolved["Properties"].(map[string]any)["Policies"].([]any))
}

// statementsOf are those of resolved policies.
func statementsOf(t *testing.T, policies []any) []statement {
	var all []statement
	for _, p := range policies {
		for _, s := range p.(map[string]any)["PolicyDocument"].(map[string]any)["Statement"].([]any) {
			m := s.(map[string]any)
			require.Equal(t, "Allow", m["Effect"])
			st := statement{actions: texts(m["Action"]), resources: texts(m["Resource"])}
			if c, ok := m["Condition"].(map[string]any); ok {
				require.Len(t, c, 1)
				like, ok := c["StringLikeIfExists"].(map[string]any)
				require.True(t, ok, "a condition that denies what S3 asks for by itself: %v", c)
				st.prefixes = append(texts(like["s3:prefix"]), implicit)
			}
			all = append(all, st)
		}
	}
	return all
}

func texts(v any) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	var list []string
	for _, e := range v.([]any) {
		list = append(list, text(e))
	}
	return list
}

// like is IAM's StringLike: * is any text, ? one character.
func like(pattern, s string) bool {
	for i := range len(pattern) {
		switch {
		case pattern[i] == '*':
			for j := i; j <= len(s); j++ {
				if like(pattern[i+1:], s[j:]) {
					return true
				}
			}
			return false
		case i >= len(s) || pattern[i] != '?' && pattern[i] != s[i]:
			return false
		}
		if pattern[i] != '*' && i+1 < len(pattern) && pattern[i+1] == '*' {
			return like(pattern[i+1:], s[i+1:])
		}
	}
	return len(pattern) == len(s)
}

// implicit is the prefix of a request that has none, as S3's own question whether it may tell that an object is not there.
const implicit = "(none)"

func allowed(all []statement, action, resource, prefix string) bool {
	for _, s := range all {
		if matches(s.actions, action) && matches(s.resources, resource) && (s.prefixes == nil || matches(s.prefixes, prefix)) {
			return true
		}
	}
	return false
}

func matches(patterns []string, s string) bool {
	for _, p := range patterns {
		if like(p, s) {
			return true
		}
	}
	return false
}

func TestLike(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"a", "a", true}, {"a", "b", false}, {"a*", "abc", true}, {"a*c", "abc", true}, {"a*c", "ab", false},
		{"*", "", true}, {"?", "", false}, {"a?c", "abc", true}, {"a*b*c", "axxbyyc", true}, {"ab", "a", false}, {"a", "ab", false},
	} {
		require.Equal(t, c.want, like(c.pattern, c.s), "%q %q", c.pattern, c.s)
	}
}

// What the worker does is allowed, and nothing beside it.
func TestRoleActionByAction(t *testing.T) {
	const (
		bucket  = "arn:aws:s3:::grids"
		archive = "arn:aws:s3:::archive"
		key     = "arn:aws:kms:us-west-2:123456789012:key/1"
		logs    = "arn:aws:logs:us-west-2:123456789012:log-group:/aws/lambda/"
	)
	base := map[string]string{"OutputBucketName": "grids", "ArtifactBucket": "artifacts", "FunctionS3Key": "k"}
	with := func(more ...string) map[string]string {
		m := map[string]string{}
		for k, v := range base {
			m[k] = v
		}
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	for _, c := range []struct {
		given                    map[string]string
		action, resource, prefix string
		want                     bool
	}{
		{base, "s3:PutObject", bucket + "/h.zarr/12/h/c/3", "", true},
		{base, "s3:GetObject", bucket + "/h.zarr/zarr.json", "", true},
		{base, "s3:DeleteObject", bucket + "/h.zarr.status/records/-5.json", "", true},
		{base, "s3:AbortMultipartUpload", bucket + "/x", "", true},
		{base, "s3:ListBucket", bucket, "h.zarr/", true},
		{base, "s3:PutObjectAcl", bucket + "/x", "", false},
		{base, "s3:DeleteBucket", bucket, "", false},
		{base, "s3:PutBucketPolicy", bucket, "", false},
		{base, "s3:GetObject", "arn:aws:s3:::artifacts/k", "", false},
		{base, "s3:GetObject", archive + "/g.h5", "", false},
		{base, "s3:ListBucket", archive, "", false},
		{base, "s3:GetObject", "arn:aws:s3:::grids-other/x", "", false},
		{with("GranuleBucketName", "archive"), "s3:GetObject", archive + "/g.h5", "", true},
		{with("GranuleBucketName", "archive"), "s3:PutObject", archive + "/g.h5", "", false},
		{with("GranuleBucketName", "archive"), "s3:DeleteObject", archive + "/g.h5", "", false},
		{with("OutputPrefix", "mine/"), "s3:PutObject", bucket + "/mine/h.zarr/x", "", true},
		{with("OutputPrefix", "mine/"), "s3:PutObject", bucket + "/theirs/x", "", false},
		{with("OutputPrefix", "mine/"), "s3:ListBucket", bucket, "mine/h.zarr/", true},
		{with("OutputPrefix", "mine/"), "s3:ListBucket", bucket, "", false},
		{with("OutputPrefix", "mine/"), "s3:ListBucket", bucket, implicit, true},
		{base, "s3:ListBucket", bucket, implicit, true},
		{with("OutputPrefix", "mine/"), "s3:PutObject", bucket + "/aws/lambda/async/process-shard/2026/01/02/x", "", true},
		{with("OutputPrefix", "mine/", "FailureBucketName", "none"), "s3:PutObject", bucket + "/aws/lambda/async/process-shard/2026/01/02/x", "", false},
		{with("FailureBucketName", "fail"), "s3:PutObject", "arn:aws:s3:::fail/aws/lambda/async/x", "", true},
		{with("FailureBucketName", "fail"), "s3:PutObject", "arn:aws:s3:::fail/x", "", false},
		{with("FailureBucketName", "fail"), "s3:GetObject", "arn:aws:s3:::fail/aws/lambda/async/x", "", false},
		{with("OutputKeyArn", key), "kms:GenerateDataKey", key, "", true},
		{with("GranuleKeyArn", key), "kms:Decrypt", key, "", true},
		{with("GranuleKeyArn", key), "kms:GenerateDataKey", key, "", false},
		{base, "kms:Decrypt", key, "", false},
		{base, "ec2:CreateNetworkInterface", "*", "", false},
		{with("SubnetIds", "subnet-1"), "ec2:CreateNetworkInterface", "*", "", true},
		{base, "logs:PutLogEvents", logs + "process-shard:log-stream:x", "", true},
		{base, "logs:CreateLogStream", logs + "process-shard-4096:log-stream:x", "", true},
		{base, "logs:CreateLogGroup", logs + "process-shard:x", "", false},
		{base, "logs:PutLogEvents", logs + "other:log-stream:x", "", false},
		{with("FunctionName", "mine"), "logs:PutLogEvents", logs + "process-shard:log-stream:x", "", false},
		{base, "lambda:InvokeFunction", "arn:aws:lambda:us-west-2:123456789012:function:process-shard", "", false},
		{base, "iam:PassRole", "*", "", false},
		{base, "sts:AssumeRole", "arn:aws:iam::123456789012:role/admin", "", false},
	} {
		require.Equal(t, c.want, allowed(newResolver(t, c.given).statements(t), c.action, c.resource, c.prefix), "%s on %s %s with %v", c.action, c.resource, c.prefix, c.given)
	}
}

// No statement has a wildcard action, and none a resource that is everything.
func TestRoleHasNoWildcards(t *testing.T) {
	for _, s := range newResolver(t, map[string]string{"OutputBucketName": "grids", "GranuleBucketName": "archive"}).statements(t) {
		for _, a := range s.actions {
			require.NotContains(t, a, "*")
		}
		for _, r := range s.resources {
			require.NotEqual(t, "*", r)
			require.NotEqual(t, "*", path.Base(strings.TrimSuffix(r, "/*")))
		}
	}
}

// Only Lambda takes the role; data survives the stack; failed events are not tried again behind the dispatcher's back.
func TestTemplatePromises(t *testing.T) {
	r := newResolver(t, map[string]string{"OutputBucketName": "grids", "ArtifactBucket": "a", "FunctionS3Key": "k"})
	resources := r.document["Resources"].(map[string]any)
	trust := resources["ExecutionRole"].(map[string]any)["Properties"].(map[string]any)["AssumeRolePolicyDocument"].(map[string]any)["Statement"].([]any)
	require.Len(t, trust, 1)
	require.Equal(t, map[string]any{"Service": "lambda.amazonaws.com"}, trust[0].(map[string]any)["Principal"])
	bucket := resources["OutputBucket"].(map[string]any)
	require.Equal(t, "Retain", bucket["DeletionPolicy"])
	require.Equal(t, "Retain", bucket["UpdateReplacePolicy"])
	events := 0
	for name, res := range resources {
		m := res.(map[string]any)
		if m["Type"] != "AWS::Lambda::EventInvokeConfig" {
			continue
		}
		events++
		p := m["Properties"].(map[string]any)
		require.Equal(t, "0", p["MaximumRetryAttempts"], name)
		require.Equal(t, "60", p["MaximumEventAgeInSeconds"], name)
	}
	require.Equal(t, 4, events)
}
