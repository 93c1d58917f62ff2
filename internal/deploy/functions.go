package deploy

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
)

// Functions are the names of the stack's Lambda functions.
func (s *Stack) Functions(ctx context.Context) ([]string, error) {
	var list []string
	pages := cloudformation.NewListStackResourcesPaginator(s.Client, &cloudformation.ListStackResourcesInput{StackName: &s.Name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.fail(err)
		}
		for _, r := range page.StackResourceSummaries {
			if aws.ToString(r.ResourceType) == "AWS::Lambda::Function" && r.PhysicalResourceId != nil {
				list = append(list, *r.PhysicalResourceId)
			}
		}
	}
	return list, nil
}
