/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-waiting-funcs-private.h"

typedef struct
{
  GSourceFunc func;
  gpointer user_data;
} WaitingFunc;

GArray *
plum_waiting_funcs_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (WaitingFunc));
}

void
plum_waiting_funcs_add (GArray *self, GSourceFunc func, gpointer user_data)
{
  const WaitingFunc waiting = { func, user_data };

  g_array_append_val (self, waiting);
}

gboolean
plum_waiting_funcs_remove (GArray *self, gpointer user_data)
{
  for (guint i = 0; i < self->len; i++)
    {
      if (g_array_index (self, WaitingFunc, i).user_data == user_data)
        {
          g_array_remove_index (self, i);
          return TRUE;
        }
    }

  return FALSE;
}

/* Takes each function from the array first: a function may remove others. */
void
plum_waiting_funcs_call (GArray *self)
{
  for (guint n = self->len; n > 0 && self->len > 0; n--)
    {
      WaitingFunc waiting = g_array_index (self, WaitingFunc, 0);

      g_array_remove_index (self, 0);
      waiting.func (waiting.user_data);
    }
}
