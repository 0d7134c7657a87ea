package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"fanout/internal/text"
)

// settings is where flags that were not given have their values from: variables such as
// FANOUT_WORKERS, a profile, a file.
type settings struct {
	path    string // of the file; "" without one
	profile string
	layers  []layer // the first that has a value for a flag gives it
	origins map[string]string
}

// layer is values of one origin by the names of flags.
type layer struct {
	origin string
	values map[string]any
}

const profilesKey = "profiles"

// configExtensions are the formats of the file, in the order in which it is looked for.
func configExtensions() []string { return []string{".yaml", ".yml", ".toml", ".json"} }

// applySettings gives values to those flags of the set that were not given.
func applySettings(set *pflag.FlagSet) (*settings, error) {
	s := &settings{origins: map[string]string{}}
	env := environment()
	if err := s.choose(set, env); err != nil {
		return nil, err
	}
	if err := s.read(set); err != nil {
		return nil, err
	}
	var err error
	set.VisitAll(func(f *pflag.Flag) {
		if err != nil {
			return
		}
		if f.Changed {
			if s.origins[f.Name] == "" {
				s.origins[f.Name] = "--" + f.Name
			}
			return
		}
		if env.IsSet(f.Name) {
			s.origins[f.Name] = variable(f.Name)
			if e := set.Set(f.Name, env.GetString(f.Name)); e != nil {
				err = fmt.Errorf("the variable %s: %w", variable(f.Name), reason(f, e))
			}
			return
		}
		for _, l := range s.layers {
			if value, ok := l.values[f.Name]; ok {
				s.origins[f.Name] = l.origin
				err = setTo(set, f, l.origin, value)
				return
			}
		}
	})
	return s, err
}

// environment is the variables with the names of flags.
func environment() *viper.Viper {
	v := viper.New()
	v.SetEnvPrefix("fanout")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AutomaticEnv()
	return v
}

func variable(flag string) string {
	return "FANOUT_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// choose finds out which file and which profile are to be read.
func (s *settings) choose(set *pflag.FlagSet, env *viper.Viper) error {
	for flag, value := range map[string]*string{"config": &s.path, "profile": &s.profile} {
		f := set.Lookup(flag)
		*value = f.Value.String()
		if !f.Changed && env.IsSet(flag) {
			*value = env.GetString(flag)
			s.origins[flag] = variable(flag)
			if err := set.Set(flag, *value); err != nil {
				return err
			}
		}
	}
	if set.Lookup("config").Changed {
		return nil // also to none
	}
	paths, err := configPaths()
	if err != nil {
		return nil // there is no place where it could be
	}
	var found []string
	for _, path := range paths {
		if _, err := os.Lstat(path); err == nil {
			found = append(found, path)
		} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("looking for a configuration: %w", err)
		}
	}
	if len(found) > 1 {
		return fmt.Errorf("%s and %s are both there: keep one of them, or name one with --config", text.Name(found[0]), text.Name(found[1]))
	}
	if len(found) == 1 {
		s.path = found[0]
	}
	return nil
}

// configPaths is where the file may be.
func configPaths() ([]string, error) {
	dir := os.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		home := os.Getenv("HOME")
		if !filepath.IsAbs(home) { // it would be another one in each directory
			return nil, fmt.Errorf("HOME is %s, which is no absolute path", text.Name(home))
		}
		dir = filepath.Join(home, ".config")
	}
	var paths []string
	for _, ext := range configExtensions() {
		paths = append(paths, filepath.Join(dir, "fanout", "config"+ext))
	}
	return paths, nil
}

// read reads the file, and of it the profile.
func (s *settings) read(set *pflag.FlagSet) error {
	if s.path == "" {
		if s.profile != "" {
			return fmt.Errorf("--profile %s: there is no configuration that could have it; fanout config path says where it would be", text.Name(s.profile))
		}
		return nil
	}
	values, err := s.load()
	if err != nil {
		return err
	}
	profiles, err := s.profiles(set, values[profilesKey])
	if err != nil {
		return err
	}
	delete(values, profilesKey)
	if err := s.checkKeys(set, "", values); err != nil {
		return err
	}
	return s.layer(values, profiles)
}

// largestConfig is in bytes.
const largestConfig = 1 << 20

// load reads the file.
func (s *settings) load() (map[string]any, error) {
	if !slices.Contains(configExtensions(), filepath.Ext(s.path)) {
		return nil, fmt.Errorf("%s: a configuration is a file of one of %s", text.Name(s.path), strings.Join(configExtensions(), ", "))
	}
	if st, err := os.Stat(s.path); err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return nil, fmt.Errorf("the configuration %s: %w", text.Name(s.path), err)
	} else if st.IsDir() {
		return nil, fmt.Errorf("%s is a directory, and a configuration is a file", text.Name(s.path))
	} else if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is a pipe or a device, and a configuration is a file: write it to one, and name that with --config", text.Name(s.path))
	} else if st.Size() > largestConfig {
		return nil, fmt.Errorf("%s has %d bytes, and a configuration has %d at most", text.Name(s.path), st.Size(), largestConfig)
	}
	v := viper.New()
	v.SetConfigFile(s.path)
	if err := v.ReadInConfig(); err != nil {
		return nil, fmt.Errorf("%s: %w", text.Name(s.path), whatIsWrong(err))
	}
	return v.AllSettings(), nil
}

// layer puts the profile that is wanted before the rest of the file.
func (s *settings) layer(values map[string]any, profiles map[string]map[string]any) error {
	if s.profile == "" {
		if name, ok := values["profile"].(string); ok {
			s.profile = name
			s.origins["profile"] = text.Name(s.path)
		}
	}
	if s.profile != "" {
		chosen, ok := profiles[strings.ToLower(s.profile)]
		if !ok {
			return s.noProfile(profiles)
		}
		s.layers = append(s.layers, layer{fmt.Sprintf("profile %s of %s", text.Name(s.profile), text.Name(s.path)), chosen})
	}
	s.layers = append(s.layers, layer{text.Name(s.path), values})
	return nil
}

// whatIsWrong leaves away that it was viper that found it.
func whatIsWrong(err error) error {
	var parse viper.ConfigParseError
	if errors.As(err, &parse) && parse.Unwrap() != nil {
		err = parse.Unwrap()
	}
	if text := err.Error(); strings.Contains(text, "\n") { // a list of them
		return errors.New(strings.Join(strings.Fields(text), " "))
	}
	return err
}

// profiles takes apart what the file has under that key, and checks all of them.
func (s *settings) profiles(set *pflag.FlagSet, value any) (map[string]map[string]any, error) {
	all := map[string]map[string]any{}
	if value == nil {
		return all, nil
	}
	table, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s: %s: %s, and a table of profiles is expected, each with flags and their values", text.Name(s.path), profilesKey, kind(value))
	}
	for name, value := range table {
		values, ok := value.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s: %s.%s: %s, and a table of flags and their values is expected", text.Name(s.path), profilesKey, text.Name(name), kind(value))
		}
		if err := s.checkKeys(set, profilesKey+"."+text.Name(name)+".", values); err != nil {
			return nil, err
		}
		all[name] = values
	}
	return all, nil
}

func (s *settings) noProfile(profiles map[string]map[string]any) error {
	var names []string
	for name := range profiles {
		names = append(names, name)
	}
	slices.Sort(names)
	what := "it has none"
	if near := text.Nearest(names, s.profile); near != "" {
		what = "the nearest is " + text.Name(near)
	} else if len(names) > 0 {
		what = "it has " + text.Names(names)
	}
	return fmt.Errorf("--profile %s: %s has no such profile; %s", text.Name(s.profile), text.Name(s.path), what)
}

// checkKeys has every key be the name of a flag, and every value one that a flag can have.
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
			hint := "keys are the long names of flags, as fanout --help has them"
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

func flagNames(set *pflag.FlagSet) (names []string) {
	set.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// setTo gives a flag the value that a file has for it.
func setTo(set *pflag.FlagSet, f *pflag.Flag, origin string, value any) error {
	all, err := texts(f, value)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", origin, f.Name, err)
	}
	for _, text := range all {
		if err := set.Set(f.Name, text); err != nil {
			return fmt.Errorf("%s: %s: %w", origin, f.Name, reason(f, err))
		}
	}
	return nil
}

// reason is which value was refused, and why, without the name of the flag.
func reason(f *pflag.Flag, err error) error {
	var number *strconv.NumError
	if errors.As(err, &number) {
		return fmt.Errorf("%q: give %s", number.Num, expected(f))
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return fmt.Errorf("%q: %w", invalid.GetValue(), invalid.Unwrap())
	}
	return err
}

// texts is a value as it would be given to a flag, several for one that is repeatable.
func texts(f *pflag.Flag, value any) ([]string, error) {
	if list, ok := value.([]any); ok && strings.HasSuffix(f.Value.Type(), "Array") {
		var all []string
		for _, v := range list {
			text, ok := scalar(v)
			if !ok {
				return nil, fmt.Errorf("%s in the list, and a text is expected", kind(v))
			}
			all = append(all, text)
		}
		return all, nil
	}
	text, ok := scalar(value)
	switch {
	case !ok:
		return nil, fmt.Errorf("%s, and %s is expected", kind(value), expected(f))
	case f.Value.Type() == "bool":
		if _, isBool := value.(bool); !isBool {
			return nil, fmt.Errorf("%s, and %s is expected", kind(value), expected(f))
		}
	}
	return []string{text}, nil
}

// scalar is a value that is neither a list nor a table, as text.
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

// kind names a value in messages.
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

// blame adds to an error about a flag where its value is from, when that is not the command line.
func (s *settings) blame(set *pflag.FlagSet, err error) error {
	text := err.Error()
	set.VisitAll(func(f *pflag.Flag) {
		origin := s.origins[f.Name]
		if origin == "" || origin == "--"+f.Name || !strings.HasPrefix(text, "--"+f.Name+" ") && (f.Shorthand == "" || !strings.HasPrefix(text, "-"+f.Shorthand+" ")) {
			return
		}
		err = fmt.Errorf("%w; that is from %s", err, origin)
	})
	return err
}
