/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-lease-file-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "plum-log-private.h"
#include "plum-private-file.h"

#define FILE_SUFFIX ".plum"
#define LOCK_SUFFIX ".lock"
#define NEW_SUFFIX ".new"
#define DAMAGED_SUFFIX ".damaged"

#define NAME_TRIES 8

/* A file name in the directory, locked by this process. */
typedef struct
{
  char *path;
  char *lock_path;
  PlumFileLock *lock;
} Slot;

struct _PlumLeaseFile
{
  char *directory;
  Slot *slot;
  GPtrArray *inherited; /* (element-type Slot): removed by the next write */
  gboolean is_complete; /* the file exists, and no addition to it is truncated */
};

static void
slot_free (Slot *slot)
{
  g_clear_pointer (&slot->lock, plum_file_lock_free);
  g_free (slot->path);
  g_free (slot->lock_path);
  g_free (slot);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Slot, slot_free)

static gboolean
set_io_error (GError **error, int code, const char *doing, const char *path)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "Cannot %s %s: %s", doing, path,
               g_strerror (code));
  return FALSE;
}

/* Locks DIRECTORY/STEM. */
static Slot *
slot_lock (const char *directory, const char *stem, gboolean must_be_new, GError **error)
{
  g_autoptr (Slot) slot = g_new0 (Slot, 1);
  g_autofree char *base = g_build_filename (directory, stem, NULL);

  slot->path = g_strconcat (base, FILE_SUFFIX, NULL);
  slot->lock_path = g_strconcat (base, LOCK_SUFFIX, NULL);
  slot->lock = plum_file_lock_new (slot->lock_path, must_be_new, error);
  return slot->lock != NULL ? g_steal_pointer (&slot) : NULL;
}

/* The lock is removed last, so that there is never a file without a lock. */
static void
slot_remove (Slot *slot)
{
  g_unlink (slot->path);
  g_unlink (slot->lock_path);
}

/* Another manager can inherit the new name before it is locked here; then the next name is
 * tried. */
static Slot *
slot_new (const char *directory, GError **error)
{
  for (unsigned int i = 0; i < NAME_TRIES; i++)
    {
      g_autofree char *stem = g_uuid_string_random ();
      Slot *slot;

      g_clear_error (error);
      slot = slot_lock (directory, stem, TRUE, error);
      if (slot != NULL)
        return slot;
    }

  return NULL;
}

/* --- Inherited files --- */

static GPtrArray *
read_records (const char *path, GError **error)
{
  gboolean was_readable;
  gsize size;
  g_autofree char *data =
    plum_private_file_read (path, PLUM_LEASE_CODEC_MAX_SIZE, &size, &was_readable, error);

  /* The keys are secret. */
  if (was_readable)
    plum_warn ("The lease file %s is readable by other users", path);

  return data != NULL ? plum_lease_codec_decode (data, size, error) : NULL;
}

static void
slot_rename_damaged (Slot *slot, const GError *reason)
{
  g_autofree char *renamed = g_strconcat (slot->path, DAMAGED_SUFFIX, NULL);

  plum_warn ("Cannot use the lease file %s: %s", slot->path, reason->message);
  if (g_rename (slot->path, renamed) != 0)
    plum_warn ("Cannot rename %s: %s", slot->path, g_strerror (errno));
  else
    g_unlink (slot->lock_path);
}

/* Temporary files of interrupted writes. */
static void
remove_temporary_files (const char *directory, const char *stem, GPtrArray *names)
{
  g_autofree char *prefix = g_strconcat (stem, FILE_SUFFIX, ".", NULL);

  for (unsigned int i = 0; i < names->len; i++)
    if (g_str_has_prefix (names->pdata[i], prefix) &&
        !g_str_has_suffix (names->pdata[i], DAMAGED_SUFFIX))
      {
        g_autofree char *path = g_build_filename (directory, names->pdata[i], NULL);

        g_unlink (path);
      }
}

/* Whether a later start may succeed: the failure does not depend on the contents. */
static gboolean
may_be_read_later (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_FAILED);
}

static void
plum_lease_file_inherit (PlumLeaseFile *self,
                         const char *stem,
                         GPtrArray *names,
                         GPtrArray *records)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (Slot) slot = slot_lock (self->directory, stem, FALSE, &error);

  if (slot == NULL)
    {
      /* Another manager uses the file, or it belongs to another user. */
      plum_debug ("%s", error->message);
      return;
    }

  remove_temporary_files (self->directory, stem, names);

  found = read_records (slot->path, &error);
  if (found != NULL)
    {
      plum_info ("Inherited %s with %u record%s of a manager that was not closed", slot->path,
                 found->len, found->len == 1 ? "" : "s");
      for (unsigned int i = 0; i < found->len; i++)
        g_ptr_array_add (records, plum_lease_record_copy (found->pdata[i]));
      g_ptr_array_add (self->inherited, g_steal_pointer (&slot));
    }
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    slot_remove (slot); /* a lock without a file */
  else if (may_be_read_later (error))
    plum_warn ("Keeping the lease file %s for a later start: %s", slot->path, error->message);
  else
    slot_rename_damaged (slot, error);
}

/* Adds the names that end with suffix, without the suffix. */
static void
collect_stems (GPtrArray *names, const char *suffix, GHashTable *stems)
{
  for (unsigned int i = 0; i < names->len; i++)
    {
      const char *name = names->pdata[i];

      if (*name != '.' && g_str_has_suffix (name, suffix))
        g_hash_table_add (stems, g_strndup (name, strlen (name) - strlen (suffix)));
    }
}

static void
plum_lease_file_inherit_all (PlumLeaseFile *self, GPtrArray *records)
{
  g_autoptr (GDir) dir = g_dir_open (self->directory, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) stems = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  const char *name;
  gpointer stem;

  if (dir == NULL)
    return;

  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  collect_stems (names, FILE_SUFFIX, stems);
  collect_stems (names, LOCK_SUFFIX, stems);

  g_hash_table_iter_init (&iter, stems);
  while (g_hash_table_iter_next (&iter, &stem, NULL))
    plum_lease_file_inherit (self, stem, names, records);
}

/* --- The own file --- */

PlumLeaseFile *
plum_lease_file_open (const char *directory, GPtrArray *records, GError **error)
{
  PlumLeaseFile *self;
  Slot *slot;

  if (!plum_private_directory_make (directory, error))
    return NULL;

  slot = slot_new (directory, error);
  if (slot == NULL)
    return NULL;

  self = g_new0 (PlumLeaseFile, 1);
  self->directory = g_strdup (directory);
  self->inherited = g_ptr_array_new_with_free_func ((GDestroyNotify) slot_free);

  /* After the own lock, so that the own file is not inherited. */
  self->slot = slot;
  plum_lease_file_inherit_all (self, records);
  return self;
}

void
plum_lease_file_free (PlumLeaseFile *self)
{
  /* A lock without a file is not needed. */
  if (!g_file_test (self->slot->path, G_FILE_TEST_EXISTS))
    g_unlink (self->slot->lock_path);

  g_clear_pointer (&self->slot, slot_free);
  g_clear_pointer (&self->inherited, g_ptr_array_unref);
  g_free (self->directory);
  g_free (self);
}

gboolean
plum_lease_file_has_inherited (PlumLeaseFile *self)
{
  return self->inherited->len > 0;
}

static gboolean
plum_lease_file_replace (PlumLeaseFile *self, GPtrArray *records, GError **error)
{
  g_autoptr (GString) text = NULL;
  g_autofree char *path = NULL;
  g_autofree char *random = NULL;

  if (records->len == 0)
    return g_unlink (self->slot->path) == 0 || errno == ENOENT ||
           set_io_error (error, errno, "remove", self->slot->path);

  /* The name of the new file cannot be guessed. With rename(), a crash of the program leaves either
   * the old or the new contents. fsync() could block the main loop for seconds on a busy disk.
   * Without it, a crash of the system can damage the file; it is then renamed at the next start,
   * and the leases expire. */
  text = plum_lease_codec_encode (records);
  random = g_uuid_string_random ();
  path = g_strconcat (self->slot->path, ".", random, NEW_SUFFIX, NULL);
  if (plum_private_file_create (path, text->str, text->len, error) &&
      (g_rename (path, self->slot->path) == 0 ||
       set_io_error (error, errno, "replace", self->slot->path)))
    return TRUE;

  g_unlink (path);
  return FALSE;
}

gboolean
plum_lease_file_write (PlumLeaseFile *self, GPtrArray *records, GError **error)
{
  self->is_complete = FALSE;
  if (!plum_lease_file_replace (self, records, error))
    return FALSE;
  self->is_complete = records->len > 0;

  /* Their records are in the own file now. */
  for (unsigned int i = 0; i < self->inherited->len; i++)
    slot_remove (self->inherited->pdata[i]);
  g_ptr_array_set_size (self->inherited, 0);
  return TRUE;
}

gboolean
plum_lease_file_append (PlumLeaseFile *self, GPtrArray *records, GError **error)
{
  g_autoptr (GString) text = NULL;

  if (!self->is_complete)
    return set_io_error (error, ENOENT, "append to", self->slot->path);

  text = plum_lease_codec_encode_addition (records);
  self->is_complete = plum_private_file_append (self->slot->path, text->str, text->len, error);
  return self->is_complete;
}

void
plum_lease_file_read_all (const char *directory, GPtrArray *records)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);
      g_autoptr (GPtrArray) found = NULL;

      if (*name != '.' && g_str_has_suffix (name, FILE_SUFFIX))
        found = read_records (path, NULL);
      for (unsigned int i = 0; found != NULL && i < found->len; i++)
        g_ptr_array_add (records, plum_lease_record_copy (found->pdata[i]));
    }
}
