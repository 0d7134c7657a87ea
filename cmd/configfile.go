package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"fanout/internal/text"
)

// largestConfig is the largest configuration, in bytes.
const largestConfig = 1 << 20

// load reads the file.
func (s *settings) load() (map[string]any, error) {
	st, err := os.Stat(s.path)
	if err != nil {
		return nil, fmt.Errorf("the configuration %s: %w", text.Name(s.path), text.Cause(err))
	}
	if !slices.Contains(configExtensions(), filepath.Ext(s.path)) {
		return nil, fmt.Errorf("%s: the name of a configuration ends in %s", text.Name(s.path), either(configExtensions()))
	}
	if st.IsDir() {
		return nil, fmt.Errorf("%s: it is a directory; name a file", text.Name(s.path))
	} else if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: it is a pipe or a device; write the configuration to a file, and name that with --config", text.Name(s.path))
	} else if st.Size() > largestConfig {
		return nil, fmt.Errorf("%s: it has %d bytes; a configuration has at most %d", text.Name(s.path), st.Size(), largestConfig)
	}
	v := viper.New()
	v.SetConfigFile(s.path)
	if err := v.ReadInConfig(); err != nil {
		return nil, fmt.Errorf("%s: %w", text.Name(s.path), unparsedConfig(err, filepath.Ext(s.path)))
	}
	return v.AllSettings(), nil
}

// unparsedConfig returns why a file is not what its extension says, without viper's own prefixes.
func unparsedConfig(err error, ext string) error {
	var parse viper.ConfigParseError
	if !errors.As(err, &parse) || parse.Unwrap() == nil {
		return text.Cause(err)
	}
	format := map[string]string{".toml": "TOML", ".json": "JSON"}[ext]
	if format == "" {
		format = "YAML"
	}
	why := strings.Join(strings.Fields(parse.Unwrap().Error()), " ") // it may be a list, in several lines
	return fmt.Errorf("it is not valid %s: %s", format, strings.TrimPrefix(why, strings.ToLower(format)+": "))
}

// profiles returns the profiles in the file, and checks all of them.
func (s *settings) profiles(set *pflag.FlagSet, value any) (map[string]map[string]any, error) {
	all := map[string]map[string]any{}
	if value == nil {
		return all, nil
	}
	table, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s: %s: %s; give a table of profiles, each with flags and their values", text.Name(s.path), profilesKey, kind(value))
	}
	for name, value := range table {
		values, ok := value.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s: %s.%s: %s; give a table of flags and their values", text.Name(s.path), profilesKey, text.Name(name), kind(value))
		}
		if err := s.checkKeys(set, profilesKey+"."+text.Name(name)+".", values); err != nil {
			return nil, err
		}
		all[name] = values
	}
	return all, nil
}

// noProfile returns the error for a profile that does not exist.
func (s *settings) noProfile(profiles map[string]map[string]any) error {
	var names []string
	for name := range profiles {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) == 0 {
		return fmt.Errorf("--profile %s: %s has no profiles; add them under the key %s, or leave out --profile", text.Name(s.profile), text.Name(s.path), profilesKey)
	}
	what := ""
	if near := text.Nearest(names, s.profile); near != "" {
		what = "the nearest is " + text.Name(near)
	} else {
		what = "it has " + text.Names(names)
	}
	return fmt.Errorf("--profile %s: %s has no such profile; %s", text.Name(s.profile), text.Name(s.path), what)
}

// checkKeys checks that every key is the name of a flag, and that the flag can have the value.
func (s *settings) checkKeys(set *pflag.FlagSet, prefix string, values map[string]any) error {
	names := flagNames(set)
	var keys []string
	for key := range values {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		f := set.Lookup(key)
		if f == nil || key == "help" || key == "config" || prefix != "" && key == "profile" {
			hint := "keys are the long names of flags, as in fanout --help"
			if near := text.Nearest(names, key); near != "" && near != key {
				hint = "the nearest is " + near
			}
			return fmt.Errorf("%s: %s%s: there is no such key; %s", text.Name(s.path), prefix, text.Name(key), hint)
		}
		if _, err := texts(f, values[key]); err != nil {
			return fmt.Errorf("%s: %s%s: %w", text.Name(s.path), prefix, text.Name(key), err)
		}
	}
	return nil
}

// texts returns a value as the command line would give it: several texts for a flag that adds up.
func texts(f *pflag.Flag, value any) ([]string, error) {
	if list, ok := value.([]any); ok && strings.HasSuffix(f.Value.Type(), "Array") {
		var all []string
		for _, v := range list {
			text, ok := scalar(v)
			if !ok {
				return nil, fmt.Errorf("%s in the list; give a text", kind(v))
			}
			all = append(all, text)
		}
		return all, nil
	}
	text, ok := scalar(value)
	switch {
	case !ok:
		return nil, fmt.Errorf("%s; give %s", kind(value), expected(f))
	case f.Value.Type() == "bool":
		if _, isBool := value.(bool); !isBool {
			return nil, fmt.Errorf("%s; give %s", kind(value), expected(f))
		}
	}
	return []string{text}, nil
}

// scalar returns a value that is neither a list nor a table as text.
func scalar(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case int, int64, uint64:
		return fmt.Sprint(v), true
	}
	return "", false
}

// kind describes a value in messages.
func kind(value any) string {
	switch v := value.(type) {
	case nil:
		return "it has no value"
	case []any:
		return "it is a list"
	case map[string]any:
		return "it is a table"
	case string:
		return fmt.Sprintf("it is the text %q", v)
	default:
		return fmt.Sprintf("it is %v", v)
	}
}

// expected describes the values that a flag takes.
func expected(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "bool":
		return "true or false"
	case "duration":
		return "a time such as 200ms, 90s or 1h30m"
	case "int64":
		return "a whole number"
	default:
		if strings.HasSuffix(f.Value.Type(), "Array") {
			return "a text or a list of texts"
		}
		return "one value"
	}
}
