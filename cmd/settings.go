package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"fanout/internal/text"
)

// settings are the origins of values for flags that are not on the command line: variables such as FANOUT_WORKERS, a
// profile, a file.
type settings struct {
	path    string // of the file; "" for none
	profile string
	layers  []layer           // the first that has a value for a flag gives it
	origins map[string]string // by the names of flags
}

// layer is the values from one origin, by the names of flags.
type layer struct {
	origin string
	values map[string]any
}

// profilesKey is the key of the profiles in the file.
const profilesKey = "profiles"

// configExtensions lists the extensions of the file, in the order in which fanout looks for it.
func configExtensions() []string { return []string{".yaml", ".yml", ".toml", ".json"} }

// applySettings gives values to the flags of a set that are not on the command line.
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

// environment returns the variables that are named after flags.
func environment() *viper.Viper {
	v := viper.New()
	v.SetEnvPrefix("fanout")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AutomaticEnv()
	return v
}

// variable returns the variable of a flag.
func variable(flag string) string {
	return "FANOUT_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// choose decides which file and which profile to read.
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
		return nil // it may name no file
	}
	paths, err := configPaths()
	if err != nil {
		return nil // there is no directory for one
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
		return fmt.Errorf("%s and %s both exist: keep one of them, or name one with --config", text.Name(found[0]), text.Name(found[1]))
	}
	if len(found) == 1 {
		s.path = found[0]
	}
	return nil
}

// configPaths returns where the file may be.
func configPaths() ([]string, error) {
	dir := os.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		home := os.Getenv("HOME")
		if !filepath.IsAbs(home) { // it would be another file in each directory
			return nil, fmt.Errorf("HOME is %s, which is not an absolute path", text.Name(home))
		}
		dir = filepath.Join(home, ".config")
	}
	var paths []string
	for _, ext := range configExtensions() {
		paths = append(paths, filepath.Join(dir, "fanout", "config"+ext))
	}
	return paths, nil
}

// read reads the file, with the profile in it.
func (s *settings) read(set *pflag.FlagSet) error {
	if s.path == "" {
		if s.profile != "" && set.Lookup("config").Changed {
			return fmt.Errorf("--profile %s: no configuration is read because of --config ''; name one, or leave out --profile", text.Name(s.profile))
		}
		if s.profile != "" {
			return fmt.Errorf("--profile %s: there is no configuration; fanout config path prints where it would be", text.Name(s.profile))
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

// layer puts the chosen profile before the rest of the file.
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

// flagNames lists the names of the flags in a set.
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

// reason says which value was refused and why, without the name of the flag.
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

// blame adds the origin of the value to an error about a flag that is not on the command line.
func (s *settings) blame(set *pflag.FlagSet, err error) error {
	text := err.Error()
	set.VisitAll(func(f *pflag.Flag) {
		origin := s.origins[f.Name]
		if origin == "" || origin == "--"+f.Name || !strings.HasPrefix(text, "--"+f.Name+" ") && (f.Shorthand == "" || !strings.HasPrefix(text, "-"+f.Shorthand+" ") && !strings.HasPrefix(text, nameOf(f)+" ")) {
			return
		}
		err = fmt.Errorf("%w (set in %s)", err, origin)
	})
	return err
}
