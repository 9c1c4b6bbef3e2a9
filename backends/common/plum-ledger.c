/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-ledger.h"

/* Over so many, holds that are over are swept out: those of mappings that never came to be are
 * never unmapped either. */
#define SWEEP_MIN 64

struct _PlumLedger
{
  GHashTable *by_key;
  guint n_live;
  guint sweep_at;
};

static void
plum_ledger_row_free (gpointer data)
{
  PlumLedgerRow *row = data;

  g_clear_object (&row->external_address);
  g_clear_error (&row->hold_error);
  g_free (row);
}

PlumLedger *
plum_ledger_new (void)
{
  PlumLedger *self = g_new0 (PlumLedger, 1);

  self->by_key = g_hash_table_new_full (plum_exchange_key_hash, plum_exchange_key_equal, NULL,
                                        plum_ledger_row_free);
  self->sweep_at = SWEEP_MIN;
  return self;
}

void
plum_ledger_free (PlumLedger *self)
{
  g_hash_table_unref (self->by_key);
  g_free (self);
}

guint
plum_ledger_get_n_live (PlumLedger *self)
{
  return self->n_live;
}

PlumLedgerRow *
plum_ledger_lookup (PlumLedger *self, const PlumExchangeKey *key)
{
  return g_hash_table_lookup (self->by_key, key);
}

static PlumLedgerRow *
plum_ledger_ensure (PlumLedger *self, const PlumExchangeKey *key)
{
  PlumLedgerRow *row = plum_ledger_lookup (self, key);

  if (row != NULL)
    return row;

  row = g_new0 (PlumLedgerRow, 1);
  row->key = *key;
  g_hash_table_insert (self->by_key, &row->key, row);
  return row;
}

gboolean
plum_ledger_grant (PlumLedger *self,
                   const PlumExchangeKey *key,
                   GInetAddress *external_address,
                   uint16_t external_port)
{
  PlumLedgerRow *row = plum_ledger_ensure (self, key);
  gboolean moved = row->live && (row->external_address == NULL) != (external_address == NULL);

  if (row->live && row->external_address != NULL && external_address != NULL)
    moved = !g_inet_address_equal (row->external_address, external_address);

  if (!row->live)
    self->n_live++;
  row->live = TRUE;
  row->certain = TRUE;
  row->external_port = external_port;
  g_set_object (&row->external_address, external_address);
  g_clear_error (&row->hold_error);
  return moved;
}

gboolean
plum_ledger_is_renewal (PlumLedger *self, const PlumExchangeKey *key, guint port)
{
  PlumLedgerRow *row = plum_ledger_lookup (self, key);

  return row != NULL && row->live && row->certain && row->external_port == port;
}

PlumLedgerRow *
plum_ledger_peek_live (PlumLedger *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->by_key);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      PlumLedgerRow *row = value;

      if (row->live && row->certain)
        return row;
    }

  return NULL;
}

static gboolean
is_past (gpointer key, gpointer value, gpointer user_data)
{
  const PlumLedgerRow *row = value;
  const gint64 *now = user_data;

  return !row->live && row->hold_until <= *now;
}

void
plum_ledger_hold (PlumLedger *self,
                  const PlumExchangeKey *key,
                  guint port,
                  gboolean exact,
                  const GError *error,
                  gint64 now,
                  gint64 until)
{
  PlumLedgerRow *row;

  if (g_hash_table_size (self->by_key) >= self->sweep_at)
    {
      g_hash_table_foreach_remove (self->by_key, is_past, &now);
      self->sweep_at = MAX (SWEEP_MIN, 2 * g_hash_table_size (self->by_key));
    }

  row = plum_ledger_ensure (self, key);
  g_clear_error (&row->hold_error);
  row->hold_error = g_error_copy (error);
  row->hold_until = until;
  row->held_port = port;
  row->held_exact = exact;
}

gboolean
plum_ledger_check_hold (PlumLedger *self,
                        const PlumExchangeKey *key,
                        guint port,
                        gboolean exact,
                        gint64 now,
                        GError **error)
{
  PlumLedgerRow *row = plum_ledger_lookup (self, key);

  if (row == NULL || row->hold_error == NULL || row->held_port != port ||
      row->held_exact != exact || now >= row->hold_until)
    return FALSE;

  g_set_error (error, row->hold_error->domain, row->hold_error->code,
               "%s (not asked again for another %" G_GINT64_FORMAT " s)", row->hold_error->message,
               (row->hold_until - now + 999999) / 1000000);
  return TRUE;
}

void
plum_ledger_forget (PlumLedger *self, const PlumExchangeKey *key)
{
  PlumLedgerRow *row = plum_ledger_lookup (self, key);

  if (row == NULL)
    return;

  if (row->live)
    self->n_live--;
  g_hash_table_remove (self->by_key, key);
}

void
plum_ledger_restart (PlumLedger *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->by_key);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      PlumLedgerRow *row = value;

      g_clear_error (&row->hold_error);
      row->certain = FALSE;
    }
}
