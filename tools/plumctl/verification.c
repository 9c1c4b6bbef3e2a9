/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "verification.h"

#include "common-options.h"
#include "output.h"
#include "verified.h"

#include <glib/gi18n-lib.h>

typedef struct
{
  Verification *owner;
  PlumMapping *mapping;
  char *host; /* the external endpoint at the start; nullable */
  guint port;
  StunProof proof;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  stun_proof_clear (&job->proof);
  g_clear_object (&job->mapping);
  g_free (job->host);
  g_free (job);
}

static gboolean
is_udp (PlumMapping *mapping)
{
  return plum_mapping_get_protocol (mapping) == PLUM_PROTOCOL_UDP;
}

gboolean
verification_check (MappingSet *set)
{
  guint n = 0;

  if (common_options.stun == NULL)
    return TRUE;

  /* The server is another remote host, and tests a port of this computer. */
  if (set->from != NULL || set->host != NULL)
    {
      output_error (_ ("--stun cannot be used with --from or --for"));
      return FALSE;
    }

  for (guint i = 0; i < set->mappings->len; i++)
    n += is_udp (set->mappings->pdata[i]);
  if (n == 0)
    output_error (_ ("--stun: no SPEC is a UDP port, and STUN cannot test others"));
  else if (n > VERIFICATION_MAX_PORTS)
    output_error (g_dngettext (GETTEXT_PACKAGE,
                               "--stun: %u UDP port is too many, at most %u can be tested",
                               "--stun: %u UDP ports are too many, at most %u can be tested", n),
                  n, VERIFICATION_MAX_PORTS);
  return n > 0 && n <= VERIFICATION_MAX_PORTS;
}

static void
verification_close_one (Verification *self)
{
  if (--self->n_open == 0)
    self->done (self);
}

static void
finish_job (Job *job, StunResult *result)
{
  Verification *self = job->owner;

  verified_set (job->mapping, result, job->host, job->port);
  self->verified (self, job->mapping);
}

/* The port is released first: a program may use it at once. The source that is being dispatched
 * still refers to the socket, so dropping a reference would not be enough. */
static void
on_verification_done (StunProof *proof)
{
  Job *job = proof->user_data;

  g_socket_close (proof->socket, NULL);
  finish_job (job, &proof->result);
  verification_close_one (job->owner);
}

static void
on_verification_note (StunProof *proof, const char *text)
{
  if (common_options.verbose)
    output_error ("STUN: %s", text);
}

/* Binds the internal port, for this process only: no other socket shares it. */
static GSocket *
verification_bind_port (PlumMapping *mapping, PlumGateway *gateway, char **reason)
{
  GInetAddress *local = gateway != NULL ? plum_gateway_get_local_address (gateway) : NULL;
  guint port = plum_mapping_get_internal_port (mapping);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) error = NULL;

  if (local == NULL)
    {
      *reason = g_strdup (_ ("the address of this computer is unknown"));
      return NULL;
    }

  address = g_inet_socket_address_new (local, (guint16) port);
  socket = g_socket_new (g_inet_address_get_family (local), G_SOCKET_TYPE_DATAGRAM,
                         G_SOCKET_PROTOCOL_UDP, &error);
  if (socket != NULL && g_socket_bind (socket, address, FALSE, &error))
    return g_steal_pointer (&socket);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    *reason = g_strdup_printf (_ ("port %u is in use by a program, and was not tested"), port);
  else
    *reason = g_strdup_printf (_ ("port %u cannot be tested: %s"), port, error->message);
  return NULL;
}

static void
start_job (Verification *self, PlumMapping *mapping)
{
  PlumGateway *gateway = plum_mapping_get_gateway (mapping);
  Job *job = g_new0 (Job, 1);
  StunResult untested = { 0 };
  g_autoptr (GSocket) socket = NULL;

  job->owner = self;
  job->mapping = g_object_ref (mapping);
  job->host = g_strdup (plum_mapping_get_external_host (mapping));
  job->port = plum_mapping_get_external_port (mapping);
  g_ptr_array_add (self->jobs, job);

  socket = verification_bind_port (mapping, gateway, &untested.reason);
  if (socket == NULL)
    {
      untested.server = g_strdup (common_options.stun);
      finish_job (job, &untested);
      return;
    }

  job->proof = (StunProof){
    .lookup_ms = STUN_LOOKUP_MS,
    .rto_ms = STUN_RTO_MS,
    .done = on_verification_done,
    .note = on_verification_note,
    .user_data = job,
  };
  self->n_open++;
  stun_proof_start (&job->proof, common_options.stun, socket, plum_gateway_get_interface (gateway));
}

/* All ports are mapped. */
void
verification_start (Verification *self)
{
  self->jobs = g_ptr_array_new_with_free_func (job_free);
  self->n_open = 1; /* until all have been started */
  for (guint i = 0; i < self->set->mappings->len; i++)
    if (is_udp (self->set->mappings->pdata[i]))
      start_job (self, self->set->mappings->pdata[i]);
  verification_close_one (self);
}

void
verification_clear (Verification *self)
{
  g_clear_pointer (&self->jobs, g_ptr_array_unref);
}
