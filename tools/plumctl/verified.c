/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "verified.h"

#include <glib/gi18n-lib.h>

static const char key[] = "plumctl-verified";

typedef struct
{
  StunResult result;
  char *host; /* external; nullable */
  guint port;
} Verified;

static void
verified_free (gpointer data)
{
  Verified *self = data;

  stun_result_clear (&self->result);
  g_free (self->host);
  g_free (self);
}

void
verified_set (PlumMapping *mapping, StunResult *result, const char *host, guint port)
{
  Verified *self = g_new0 (Verified, 1);

  self->result = *result;
  self->host = g_strdup (host);
  self->port = port;
  *result = (StunResult){ 0 };
  g_object_set_data_full (G_OBJECT (mapping), key, self, verified_free);
}

static const Verified *
lookup (PlumMapping *mapping)
{
  return g_object_get_data (G_OBJECT (mapping), key);
}

gboolean
verified_is_set (PlumMapping *mapping)
{
  return lookup (mapping) != NULL;
}

static gboolean
is_current (const Verified *self, PlumMapping *mapping)
{
  return plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS &&
         plum_mapping_get_external_port (mapping) == self->port &&
         g_strcmp0 (plum_mapping_get_external_host (mapping), self->host) == 0;
}

StunAnswer
verified_get (PlumMapping *mapping)
{
  const Verified *self = lookup (mapping);

  return self != NULL && is_current (self, mapping)
           ? stun_result_verify (&self->result, self->host, self->port)
           : STUN_UNKNOWN;
}

char *
verified_describe (PlumMapping *mapping)
{
  const Verified *self = lookup (mapping);
  g_autofree char *reason = NULL;

  if (self == NULL)
    return NULL;
  if (!is_current (self, mapping))
    return g_strdup (
      _ ("it is unknown whether it can be reached from outside: its external endpoint "
         "has changed since the test"));

  reason = stun_result_explain (&self->result, self->host, self->port);
  switch (verified_get (mapping))
    {
    case STUN_YES:
      return g_strdup_printf (_ ("it can be reached from outside: %s"), reason);
    case STUN_NO:
      return g_strdup_printf (_ ("it cannot be reached from outside as mapped: %s"), reason);
    case STUN_UNKNOWN:
    default:
      return g_strdup_printf (_ ("it is unknown whether it can be reached from outside: %s"),
                              reason);
    }
}

void
verified_write_json (PlumMapping *mapping, JsonWriter *json)
{
  const Verified *self = lookup (mapping);

  json_writer_string (json, "verified",
                      self != NULL ? stun_answer_get_name (verified_get (mapping)) : NULL);
  stun_result_write_json (self != NULL ? &self->result : NULL, json);
}
