package record

import (
	"encoding/json"
	"errors"
	"testing"

	"fanout/internal/job"
)

func TestRows(t *testing.T) {
	row := job.Item{Fields: []string{"a,b", "a", "\xff"}}
	bad := job.Item{Fields: []string{"a"}, Err: errors.New("bad")}
	object := job.Item{Fields: []string{" {\"a\": [1e999, \"\\ud800\"]}\t", "picked"}}
	for _, tt := range []struct {
		rows  *Rows
		items []job.Item
		want  string
	}{
		{NewRows([]string{"x", "größe \"n\""}), []job.Item{row, bad, row}, `,"fields":[{"x":"a","größe \"n\"":{"base64":"/w=="}},null,{"x":"a","größe \"n\"":{"base64":"/w=="}}]`},
		{NewRows(nil), []job.Item{row}, `,"fields":[["a",{"base64":"/w=="}]]`},
		{NewRows([]string{"x", "x"}), []job.Item{row}, `,"fields":[["a",{"base64":"/w=="}]]`},
		{NewRows([]string{"x", ""}), []job.Item{row}, `,"fields":[["a",{"base64":"/w=="}]]`},
		{NewRows([]string{"x", "\xfe"}), []job.Item{row}, `,"fields":[["a",{"base64":"/w=="}]]`},
		{ObjectRows(), []job.Item{object, bad}, `,"fields":[{"a": [1e999, "\ud800"]},null]`},
	} {
		got := string(tt.rows.Append(nil, job.Job{Items: tt.items}))
		if got != tt.want || !json.Valid([]byte("{"+got[1:]+"}")) {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}
