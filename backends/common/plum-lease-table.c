/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-lease-table.h"

#include <glib/gi18n-lib.h>

/* From so many rows on, those without a live mapping and a hold are removed: a mapping that was
 * never granted, or has expired, is not unmapped. */
#define SWEEP_MIN 64

struct _PlumLeaseTable
{
  GHashTable *by_key;
  PlumLeaseTableGetTime get_time;
  gpointer user_data;
  guint sweep_at;
};

static void
plum_lease_table_row_free (gpointer data)
{
  PlumLeaseTableRow *row = data;

  g_clear_object (&row->external_address);
  g_clear_error (&row->hold_error);
  g_clear_pointer (&row->options, g_bytes_unref);
  g_free (row);
}

PlumLeaseTable *
plum_lease_table_new (PlumLeaseTableGetTime get_time, gpointer user_data)
{
  PlumLeaseTable *self = g_new0 (PlumLeaseTable, 1);

  self->by_key = g_hash_table_new_full (plum_exchange_key_hash, plum_exchange_key_equal, NULL,
                                        plum_lease_table_row_free);
  self->get_time = get_time;
  self->user_data = user_data;
  self->sweep_at = SWEEP_MIN;
  return self;
}

void
plum_lease_table_free (PlumLeaseTable *self)
{
  g_hash_table_unref (self->by_key);
  g_free (self);
}

/* Core does not delete a mapping whose lease has ended: the row must not outlive the lease. */
static gboolean
check_live (PlumLeaseTableRow *row, gint64 now)
{
  row->live = row->live && now < row->ends_at;
  return row->live;
}

static gboolean
is_on_hold (const PlumLeaseTableRow *row, gint64 now)
{
  return row->hold_error != NULL && now < row->hold_until;
}

PlumLeaseTableRow *
plum_lease_table_lookup (PlumLeaseTable *self, const PlumExchangeKey *key)
{
  PlumLeaseTableRow *row = g_hash_table_lookup (self->by_key, key);

  if (row != NULL)
    check_live (row, self->get_time (self->user_data));
  return row;
}

static gboolean
is_unused (gpointer key, gpointer value, gpointer user_data)
{
  PlumLeaseTableRow *row = value;
  const gint64 *now = user_data;

  return !check_live (row, *now) && row->hold_until <= *now;
}

static void
plum_lease_table_sweep (PlumLeaseTable *self)
{
  gint64 now = self->get_time (self->user_data);

  if (g_hash_table_size (self->by_key) < self->sweep_at)
    return;

  g_hash_table_foreach_remove (self->by_key, is_unused, &now);
  self->sweep_at = MAX (SWEEP_MIN, 2 * g_hash_table_size (self->by_key));
}

PlumLeaseTableRow *
plum_lease_table_ensure (PlumLeaseTable *self, const PlumExchangeKey *key)
{
  PlumLeaseTableRow *row = plum_lease_table_lookup (self, key);

  if (row != NULL)
    return row;

  plum_lease_table_sweep (self);
  row = g_new0 (PlumLeaseTableRow, 1);
  row->key = *key;
  g_hash_table_insert (self->by_key, &row->key, row);
  return row;
}

gboolean
plum_lease_table_grant (PlumLeaseTable *self,
                        const PlumExchangeKey *key,
                        GInetAddress *external_address,
                        uint16_t external_port,
                        gint64 ends_at)
{
  PlumLeaseTableRow *row = plum_lease_table_ensure (self, key);
  gboolean moved = row->live && (row->external_address == NULL) != (external_address == NULL);

  if (row->live && row->external_address != NULL && external_address != NULL)
    moved = !g_inet_address_equal (row->external_address, external_address);

  row->live = TRUE;
  row->certain = TRUE;
  row->external_port = external_port;
  row->ends_at = ends_at;
  g_set_object (&row->external_address, external_address);
  g_clear_error (&row->hold_error);
  return moved;
}

gboolean
plum_lease_table_is_renewal (PlumLeaseTable *self, const PlumExchangeKey *key, guint port)
{
  PlumLeaseTableRow *row = plum_lease_table_lookup (self, key);

  return row != NULL && row->live && row->certain && row->external_port == port;
}

PlumLeaseTableRow *
plum_lease_table_find_live (PlumLeaseTable *self)
{
  gint64 now = self->get_time (self->user_data);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->by_key);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      PlumLeaseTableRow *row = value;

      if (check_live (row, now) && row->certain && !row->apart && !is_on_hold (row, now))
        return row;
    }

  return NULL;
}

GArray *
plum_lease_table_get_live (PlumLeaseTable *self)
{
  GArray *keys = g_array_new (FALSE, FALSE, sizeof (PlumExchangeKey));
  gint64 now = self->get_time (self->user_data);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->by_key);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      PlumLeaseTableRow *row = value;

      if (check_live (row, now))
        g_array_append_val (keys, row->key);
    }

  return keys;
}

guint
plum_lease_table_get_n_live (PlumLeaseTable *self)
{
  g_autoptr (GArray) keys = plum_lease_table_get_live (self);

  return keys->len;
}

void
plum_lease_table_hold (PlumLeaseTable *self,
                       const PlumExchangeKey *key,
                       guint port,
                       gboolean exact,
                       const GError *error,
                       gint64 until)
{
  PlumLeaseTableRow *row = plum_lease_table_ensure (self, key);

  g_clear_error (&row->hold_error);
  row->hold_error = g_error_copy (error);
  row->hold_until = until;
  row->held_port = port;
  row->held_exact = exact;
}

gboolean
plum_lease_table_check_hold (
  PlumLeaseTable *self, const PlumExchangeKey *key, guint port, gboolean exact, GError **error)
{
  PlumLeaseTableRow *row = plum_lease_table_lookup (self, key);
  gint64 now = self->get_time (self->user_data);

  if (row == NULL || !is_on_hold (row, now) || row->held_port != port || row->held_exact != exact)
    return FALSE;

  g_set_error (error, row->hold_error->domain, row->hold_error->code,
               /* Translators: an error, and the seconds until the next request. */
               _ ("%s (not requested again for another %u s)"), row->hold_error->message,
               (guint) ((row->hold_until - now + 999999) / 1000000));
  return TRUE;
}

void
plum_lease_table_remove (PlumLeaseTable *self, const PlumExchangeKey *key)
{
  g_hash_table_remove (self->by_key, key);
}

void
plum_lease_table_clear_holds (PlumLeaseTable *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->by_key);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_clear_error (&((PlumLeaseTableRow *) value)->hold_error);
}

void
plum_lease_table_restart (PlumLeaseTable *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->by_key);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      PlumLeaseTableRow *row = value;

      row->certain = FALSE;
    }
  plum_lease_table_clear_holds (self);
}
