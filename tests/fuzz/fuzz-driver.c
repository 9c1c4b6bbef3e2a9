/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Replaces a fuzzing engine, so that each test run is a short fuzz run with the seeds, all
 * truncations of the seeds, and reproducible mutations.
 *
 * fuzz-NAME [--tap] NAME CORPUS DICTIONARY N-MUTATIONS
 *
 * fuzz-NAME --run FILE...
 *
 * Each input is in a heap block of the exact size, so that sanitizers detect a read past its end.
 * The file fuzz-NAME.input contains the current input until the target returns, so that it is
 * available after a crash.
 */

#define MAX_LENGTH 16384
#define MAX_EDITS 5
#define RAND_SEED 6887

typedef struct
{
  const char *name;
  const char *corpus;
  const char *dictionary;
  guint n_mutations;
  GPtrArray *seeds;  /* (element-type GBytes) */
  GPtrArray *tokens; /* (element-type GBytes) */
  GRand *rand;
  char *input_path;
  FILE *input; /* (nullable) */
} Driver;

static void
driver_run (Driver *self, const guint8 *data, gsize size)
{
  /* Not g_malloc (): engines pass a valid pointer even if the size is 0. */
  uint8_t *block = malloc (size);

  g_assert_true (block != NULL || size == 0);
  if (size > 0)
    memcpy (block, data, size);

  if (self->input != NULL)
    {
      rewind (self->input);
      g_assert_cmpuint (fwrite (data, 1, size, self->input), ==, size);
      g_assert_cmpint (fflush (self->input), ==, 0);
      g_assert_no_errno (ftruncate (fileno (self->input), (off_t) size));
    }

  LLVMFuzzerTestOneInput (block, size);
  free (block);
}

/* Reads pairs of hexadecimal digits, with optional spaces, and comments from “#” to the end of the
 * line. */
static GBytes *
read_hex (const char *path, const char *text)
{
  GByteArray *bytes = g_byte_array_new ();
  const char *p = text;

  while (*p != '\0')
    {
      if (*p == '#')
        p += strcspn (p, "\n");
      else if (g_ascii_isspace (*p))
        p++;
      else
        {
          guint8 byte;

          if (!g_ascii_isxdigit (p[0]) || !g_ascii_isxdigit (p[1]))
            g_error ("%s: “%.8s” is no byte", path, p);
          byte = (guint8) (g_ascii_xdigit_value (p[0]) << 4 | g_ascii_xdigit_value (p[1]));
          g_byte_array_append (bytes, &byte, 1);
          p += 2;
        }
    }

  return g_byte_array_free_to_bytes (bytes);
}

static GBytes *
read_seed (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *contents = NULL;
  gsize length;

  g_file_get_contents (path, &contents, &length, &error);
  g_assert_no_error (error);

  return g_str_has_suffix (path, ".hex") ? read_hex (path, contents)
                                         : g_bytes_new (contents, length);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Sorts by name, because the order in a directory differs between systems. */
static void
driver_load_corpus (Driver *self)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (self->corpus, 0, &error);
  const char *name;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_build_filename (self->corpus, name, NULL));
  g_ptr_array_sort (names, compare_names);

  for (guint i = 0; i < names->len; i++)
    g_ptr_array_add (self->seeds, read_seed (g_ptr_array_index (names, i)));
  g_assert_cmpuint (self->seeds->len, >, 0);
}

/* Reads the value of a line NAME="TEXT" of a dictionary, with the escapes \xNN, \\ and \". */
static GBytes *
read_token (const char *line)
{
  const char *p = strchr (line, '"');
  const char *end = strrchr (line, '"');
  GByteArray *bytes;

  if (*line == '#' || p == NULL || p == end)
    return NULL;

  bytes = g_byte_array_new ();
  for (p++; p < end; p++)
    {
      guint8 byte = (guint8) *p;

      if (*p == '\\' && p[1] == 'x')
        {
          byte = (guint8) (g_ascii_xdigit_value (p[2]) << 4 | g_ascii_xdigit_value (p[3]));
          p += 3;
        }
      else if (*p == '\\')
        byte = (guint8) * ++p;
      g_byte_array_append (bytes, &byte, 1);
    }

  return g_byte_array_free_to_bytes (bytes);
}

static void
driver_load_dictionary (Driver *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *contents = NULL;
  g_auto (GStrv) lines = NULL;

  g_file_get_contents (self->dictionary, &contents, NULL, &error);
  g_assert_no_error (error);

  lines = g_strsplit (contents, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    {
      GBytes *token = read_token (*line);

      if (token != NULL)
        g_ptr_array_add (self->tokens, token);
    }
  g_assert_cmpuint (self->tokens->len, >, 0);
}

static guint
driver_random (Driver *self, gsize n)
{
  return n > 0 ? (guint) g_rand_int_range (self->rand, 0, (gint32) n) : 0;
}

static GBytes *
driver_pick (Driver *self, GPtrArray *among)
{
  return g_ptr_array_index (among, driver_random (self, among->len));
}

static void
insert_bytes (GByteArray *input, guint at, const guint8 *data, gsize size)
{
  guint tail = input->len - at;

  if (size == 0 || input->len + size > MAX_LENGTH)
    return;

  g_byte_array_set_size (input, input->len + (guint) size);
  memmove (input->data + at + size, input->data + at, tail);
  memcpy (input->data + at, data, size);
}

/* Overwrites one, two or four bytes with a boundary value. */
static void
driver_write_number (Driver *self, GByteArray *input, guint at)
{
  static const guint32 numbers[] = {
    0,     1,      2,      3,      4,       0x7f,       0x80,       0x81,       0xff,
    0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
  };
  guint32 number = numbers[driver_random (self, G_N_ELEMENTS (numbers))];
  guint size = 1u << driver_random (self, 3);

  for (guint i = 0; i < size && at + i < input->len; i++)
    input->data[at + i] = (guint8) (number >> (8 * (size - 1 - i)));
}

static void
driver_insert_copy (Driver *self, GByteArray *input, guint at)
{
  guint size = 1 + driver_random (self, MIN (input->len - at, 256));
  g_autofree guint8 *copy = g_memdup2 (input->data + at, size);

  insert_bytes (input, driver_random (self, input->len + 1), copy, size);
}

static void
driver_edit (Driver *self, GByteArray *input)
{
  guint at = driver_random (self, input->len);
  GBytes *other;
  gconstpointer data;
  guint8 byte;
  gsize size;

  switch (input->len > 0 ? driver_random (self, 8) : 6)
    {
    case 0:
      input->data[at] ^= (guint8) (1u << driver_random (self, 8));
      break;
    case 1:
      input->data[at] = (guint8) driver_random (self, 256);
      break;
    case 2:
      driver_write_number (self, input, at);
      break;
    case 3:
      g_byte_array_remove_range (input, at, 1 + driver_random (self, MIN (input->len - at, 64)));
      break;
    case 4:
      driver_insert_copy (self, input, at);
      break;
    case 5:
      byte = (guint8) driver_random (self, 256);
      insert_bytes (input, at, &byte, 1);
      break;
    case 6:
      data = g_bytes_get_data (driver_pick (self, self->tokens), &size);
      insert_bytes (input, at, data, size);
      break;
    case 7:
    default:
      /* Combine the start of this input with the end of another one. */
      other = driver_pick (self, self->seeds);
      data = g_bytes_get_data (other, &size);
      g_byte_array_set_size (input, at);
      at = driver_random (self, size);
      insert_bytes (input, input->len, (const guint8 *) data + at, size - at);
      break;
    }
}

static void
test_corpus (gconstpointer user_data)
{
  Driver *self = (Driver *) user_data;

  for (guint i = 0; i < self->seeds->len; i++)
    {
      gsize size;
      gconstpointer data = g_bytes_get_data (g_ptr_array_index (self->seeds, i), &size);

      driver_run (self, data, size);
    }
}

static void
test_truncations (gconstpointer user_data)
{
  Driver *self = (Driver *) user_data;

  for (guint i = 0; i < self->seeds->len; i++)
    {
      gsize size;
      gconstpointer data = g_bytes_get_data (g_ptr_array_index (self->seeds, i), &size);

      for (gsize length = 0; length < size; length++)
        driver_run (self, data, length);
    }
}

static void
test_mutations (gconstpointer user_data)
{
  Driver *self = (Driver *) user_data;

  for (guint i = 0; i < self->n_mutations; i++)
    {
      g_autoptr (GByteArray) input = g_byte_array_new ();
      guint n_edits = 1 + driver_random (self, MAX_EDITS);
      gsize size;
      gconstpointer data = g_bytes_get_data (driver_pick (self, self->seeds), &size);

      g_byte_array_append (input, data, (guint) size);
      for (guint j = 0; j < n_edits; j++)
        driver_edit (self, input);
      driver_run (self, input->data, input->len);
    }
}

static void
driver_open_input (Driver *self)
{
  g_autofree char *file = g_strdup_printf ("fuzz-%s.input", self->name);

  self->input_path = g_test_build_filename (G_TEST_BUILT, "fuzz", file, NULL);
  self->input = g_fopen (self->input_path, "wb");
  if (self->input == NULL)
    g_error ("%s: %s", self->input_path, g_strerror (errno));
  g_test_message ("The current input is kept in %s", self->input_path);
}

static void
add_test (Driver *self, const char *what, GTestDataFunc func)
{
  g_autofree char *path = g_strdup_printf ("/fuzz/%s/%s", self->name, what);

  g_test_add_data_func (path, self, func);
}

static int
driver_test (Driver *self)
{
  int status;

  self->seeds = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  self->tokens = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  self->rand = g_rand_new_with_seed (RAND_SEED);
  driver_load_corpus (self);
  driver_load_dictionary (self);
  driver_open_input (self);

  add_test (self, "corpus", test_corpus);
  add_test (self, "truncations", test_truncations);
  add_test (self, "mutations", test_mutations);
  status = g_test_run ();

  fclose (self->input);
  if (status == 0)
    g_unlink (self->input_path);
  g_free (self->input_path);
  g_rand_free (self->rand);
  g_ptr_array_unref (self->tokens);
  g_ptr_array_unref (self->seeds);
  return status;
}

int
main (int argc, char **argv)
{
  Driver driver = { .input = NULL };

  g_test_init (&argc, &argv, NULL);

  if (argc > 1 && g_str_equal (argv[1], "--run"))
    {
      for (int i = 2; i < argc; i++)
        {
          g_autoptr (GBytes) input = read_seed (argv[i]);
          gsize size;
          gconstpointer data = g_bytes_get_data (input, &size);

          g_printerr ("%s: %" G_GSIZE_FORMAT " bytes\n", argv[i], size);
          driver_run (&driver, data, size);
        }
      return 0;
    }

  if (argc != 5)
    {
      g_printerr ("Usage: %s NAME CORPUS DICTIONARY N-MUTATIONS\n       %s --run FILE...\n",
                  argv[0], argv[0]);
      return 2;
    }

  driver.name = argv[1];
  driver.corpus = argv[2];
  driver.dictionary = argv[3];
  driver.n_mutations = (guint) g_ascii_strtoull (argv[4], NULL, 10);
  return driver_test (&driver);
}
