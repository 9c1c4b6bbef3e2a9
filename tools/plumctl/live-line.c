/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "live-line.h"

#include "output.h"

#include <glib/gi18n-lib.h>

#define PENDING_MS 100
#define MAPPED_MS 1000

static const char spinner[] = { '|', '/', '-', '\\' };

static gboolean on_frame (gpointer user_data);

/* Seconds until the first lease expires; -1 if no lease expires. */
static gint64
get_seconds_left (MappingSet *set)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  gint64 least = -1;

  for (guint i = 0; i < set->mappings->len; i++)
    {
      GDateTime *end = plum_mapping_get_expires_at (set->mappings->pdata[i]);
      gint64 left;

      if (end == NULL)
        continue;
      left = MAX (g_date_time_difference (end, now) / G_TIME_SPAN_SECOND, 0);
      least = least < 0 ? left : MIN (least, left);
    }

  return least;
}

static char *
build_text (LiveLine *self)
{
  guint n_up = mapping_set_count (self->set, PLUM_STATE_SUCCESS);
  guint n = self->set->mappings->len;
  gint64 left = get_seconds_left (self->set);

  if (self->set->session->closing)
    return g_strdup_printf (_ ("%c removing the mappings"), spinner[self->frame]);
  if (self->pending)
    return g_strdup_printf (_ ("%c waiting for the router: %u of %u mapped"), spinner[self->frame],
                            n_up, n);
  if (left < 0)
    return g_strdup_printf (_ ("%u of %u mapped. Press Ctrl-C to remove"), n_up, n);

  return g_strdup_printf (_ ("%u of %u mapped, lease %u:%02u:%02u. Press Ctrl-C to remove"), n_up,
                          n, (guint) (left / 3600), (guint) (left / 60 % 60), (guint) (left % 60));
}

static gboolean
on_frame (gpointer user_data)
{
  LiveLine *self = user_data;
  gboolean pending = mapping_set_count (self->set, PLUM_STATE_PENDING) > 0;
  g_autofree char *text = NULL;

  self->frame = (self->frame + 1) % G_N_ELEMENTS (spinner);
  if (pending != self->pending)
    {
      /* The spinner needs ten frames per second; the countdown needs one. */
      self->pending = pending;
      self->timer_id = g_timeout_add (pending ? PENDING_MS : MAPPED_MS, on_frame, self);
    }

  text = build_text (self);
  output_live (text);

  return g_source_get_id (g_main_current_source ()) == self->timer_id;
}

void
live_line_start (LiveLine *self, MappingSet *set)
{
  self->set = set;
  self->pending = TRUE;
  if (output_is_terminal ())
    self->timer_id = g_timeout_add (PENDING_MS, on_frame, self);
}

void
live_line_clear (LiveLine *self)
{
  g_clear_handle_id (&self->timer_id, g_source_remove);
  output_live (NULL);
}
