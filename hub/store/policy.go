package store

import (
	"encoding/json"
	"fmt"
)

// Buckets are the buckets of one hub. Index and Evidence may be empty.
type Buckets struct {
	Footage  string
	Index    string
	Evidence string
}

// statement is a part of an S3 policy (AWS IAM policy grammar, version 2012-10-17).
// What no statement allows is denied.
type statement struct {
	Effect   string
	Action   []string
	Resource []string
}

// Policy is all that the hub needs, as the JSON of an S3 policy. It has no rights
// over users, policies and other buckets, makes and deletes no bucket, deletes
// nothing in the evidence bucket and bypasses no lock. The buckets are made by
// whoever sets the store up, or with the keys that [Config] names.
func (b Buckets) Policy() string {
	look := []string{
		"s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration",
	}
	working, all := resources(b.Footage, b.Index), resources(b.Footage, b.Index, b.Evidence)
	statements := []statement{
		{"Allow", look, all},
		{"Allow", []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"}, within(working)},
	}
	if b.Evidence != "" {
		statements = append(statements, statement{"Allow", []string{
			"s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:GetObjectRetention", "s3:PutObjectRetention",
		}, within(resources(b.Evidence))})
	}
	return policy(statements...)
}

// links is what a signed link or slot may do: read and write footage, nothing else.
func (b Buckets) links() string {
	return policy(statement{"Allow", []string{"s3:GetObject", "s3:PutObject"}, within(resources(b.Footage))})
}

func policy(statements ...statement) string {
	text, err := json.Marshal(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", statements})
	if err != nil {
		panic(fmt.Sprintf("store: policy: %v", err)) // strings only
	}
	return string(text)
}

func resources(buckets ...string) []string {
	var names []string
	for _, b := range buckets {
		if b != "" {
			names = append(names, "arn:aws:s3:::"+b)
		}
	}
	return names
}

// within is all objects of buckets.
func within(buckets []string) []string {
	var names []string
	for _, b := range buckets {
		names = append(names, b+"/*")
	}
	return names
}
