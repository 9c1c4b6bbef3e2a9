/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-discovery.h"

#include "upnp-discovery-text.h"
#include "upnp-link.h"
#include "upnp-location.h"
#include "upnp-operation.h"
#include "upnp-pool.h"
#include "upnp-search.h"

#include <glib/gi18n-lib.h>

/* A flood of answers must not exhaust memory. */
#define MAX_SENDERS 256

/* How long answers of the gateway count if it has not answered within the window, in ms: less than
 * the default discover-timeout. */
#define PATIENCE 9700

/* When the time for questions to a slow gateway has passed, in ms: its service is used without an
 * answer to them. */
#define QUESTIONS_END 5000

/* How long a description may take while other answers of the gateway wait, in ms. */
#define TURN 1000

/* How many descriptions that cannot be read are more than a router has. */
#define MANY_TRIES 4

typedef struct
{
  UpnpOperation operation; /* its device is that of the current candidate */
  UpnpSearch *search;
  UpnpPool *pool;
  GHashTable *senders;    /* the addresses that answered at all, as text */
  UpnpCandidate *current; /* (nullable) */
  gint64 started;         /* in µs */
  GSource *turn;          /* (nullable): of the description of the current candidate */
  GSource *timer;         /* (nullable): until the gateway may be contacted again */
  GSource *patience;      /* (nullable): after the window */
  gboolean turn_expired;
  gboolean gateway_answered;
  gboolean window_expired;
  gboolean expired; /* the patience */
  char *not_used; /* (nullable): the first answer that may be a router's, and why it was refused */
} UpnpDiscovery;

static void upnp_discovery_advance (UpnpDiscovery *self);
static void upnp_discovery_continue (UpnpDiscovery *self);

static void
clear_timer (GSource **timer)
{
  if (*timer != NULL)
    g_source_destroy (*timer);
  g_clear_pointer (timer, g_source_unref);
}

static void
upnp_discovery_start_timer (UpnpDiscovery *self, GSource **timer, guint ms, GSourceFunc func)
{
  clear_timer (timer);
  *timer = plum_backend_create_timer (upnp_session_get_backend (self->operation.session), ms);
  g_source_set_callback (*timer, func, self, NULL);
}

static gint64
upnp_discovery_get_time (UpnpDiscovery *self)
{
  return plum_backend_get_time (upnp_session_get_backend (self->operation.session));
}

static void
upnp_discovery_clear (UpnpOperation *operation)
{
  UpnpDiscovery *self = (gpointer) operation;

  clear_timer (&self->turn);
  clear_timer (&self->timer);
  clear_timer (&self->patience);
  g_clear_pointer (&self->search, upnp_search_free);
  g_clear_pointer (&self->pool, upnp_pool_free);
  g_clear_pointer (&self->senders, g_hash_table_unref);
  g_clear_pointer (&self->not_used, g_free);
}

static void G_GNUC_PRINTF (2, 3) note (UpnpDiscovery *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *line = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  line = g_strconcat ("UPnP: ", text, NULL);
  plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_DEBUG, "%s", line);
  plum_backend_report_note (upnp_session_get_backend (self->operation.session), line);
}

/* -- Answers -- */

/* FALSE: the sender is known, or there are too many senders. */
static gboolean
add_sender (UpnpDiscovery *self, const char *name)
{
  return g_hash_table_size (self->senders) < MAX_SENDERS &&
         g_hash_table_add (self->senders, g_strdup (name));
}

/* An answer that may be a router's is not used: the message says so if nothing else is found. */
static void
upnp_discovery_note_refused (UpnpDiscovery *self, const char *name, UpnpLinkVerdict verdict)
{
  PlumNetwork *network = upnp_session_get_network (self->operation.session);
  g_autofree char *gateway = g_inet_address_to_string (plum_network_get_gateway (network));

  if (self->not_used != NULL)
    return;

  self->not_used = upnp_discovery_text_dup_not_used (name, gateway, verdict);
}

/* Why an answer is rejected; NULL: it is not. */
static const char *
find_fault (UpnpDiscovery *self,
            const UpnpSsdpMessage *message,
            GInetAddress *sender,
            const char *name)
{
  PlumNetwork *network = upnp_session_get_network (self->operation.session);
  gboolean from_gateway = g_inet_address_equal (sender, plum_network_get_gateway (network));
  UpnpLinkVerdict verdict;

  if (message->class == UPNP_SSDP_OTHER)
    return _ ("it is not an internet gateway");
  if (message->class == UPNP_SSDP_ROOT && !from_gateway)
    return _ ("a root device that is not the default gateway");
  if (message->location == NULL)
    return _ ("it has no LOCATION");

  verdict = upnp_link_judge (network, sender);
  if (verdict != UPNP_LINK_MAY_CONTACT)
    {
      upnp_discovery_note_refused (self, name, verdict);
      return upnp_link_explain (verdict);
    }

  return NULL;
}

static void
upnp_discovery_take (UpnpDiscovery *self,
                     const UpnpSsdpMessage *message,
                     GInetAddress *sender,
                     UpnpOrigin origin,
                     const char *name)
{
  PlumNetwork *network = upnp_session_get_network (self->operation.session);
  gboolean from_gateway = g_inet_address_equal (sender, plum_network_get_gateway (network));
  g_autoptr (GError) error = NULL;
  g_autoptr (UpnpUrl) location = upnp_url_parse (message->location, &error);
  const char *server = message->server != NULL ? message->server : "unnamed";
  gboolean is_new = add_sender (self, name);

  if (location == NULL)
    {
      note (self, _ ("answer of %s (%s) rejected: LOCATION: %s"), name, server, error->message);
      return;
    }
  if (upnp_pool_hear (self->pool, sender, location, origin))
    {
      upnp_discovery_advance (self);
      return;
    }
  if (!upnp_pool_has_room (self->pool, sender, from_gateway))
    {
      if (is_new)
        note (self, _ ("answer of %s (%s) not used: other hosts have sent too many"), name, server);
      return;
    }

  if (g_str_equal (location->host, name))
    note (self, _ ("answer of %s (%s) accepted: %s"), name, server, message->location);
  else
    note (self, _ ("answer of %s (%s) accepted; the sender replaces the host of %s"), name, server,
          message->location);

  if (from_gateway)
    self->gateway_answered = TRUE;
  upnp_pool_add (self->pool,
                 upnp_candidate_new (self->operation.session, sender, g_steal_pointer (&location),
                                     message->boot_id, origin));
  upnp_discovery_advance (self);
}

static void
on_discovery_message (const UpnpSsdpMessage *message,
                      GInetAddress *sender,
                      UpnpOrigin origin,
                      gpointer user_data)
{
  UpnpDiscovery *self = user_data;
  PlumNetwork *network = upnp_session_get_network (self->operation.session);
  gboolean from_gateway = g_inet_address_equal (sender, plum_network_get_gateway (network));
  g_autofree char *name = NULL;
  const char *fault;

  /* Announcements count only if they are from the gateway (quirk 24): other hosts receive the
   * search and can answer it. */
  if (message->kind != UPNP_SSDP_ANSWER && message->kind != UPNP_SSDP_ALIVE)
    return;
  if (origin == UPNP_ORIGIN_ANNOUNCEMENT && !from_gateway)
    return;

  name = g_inet_address_to_string (sender);
  fault = find_fault (self, message, sender, name);
  if (fault != NULL && message->kind != UPNP_SSDP_ANSWER)
    return;

  if (fault == NULL)
    {
      upnp_discovery_take (self, message, sender, origin, name);
      return;
    }

  if (from_gateway)
    self->gateway_answered = TRUE;
  /* A device answers many times (quirk 29): report it once. */
  if (add_sender (self, name))
    note (self, _ ("answer of %s (%s) rejected: %s"), name,
          message->server != NULL ? message->server : _ ("unnamed"), fault);
}

/* -- Candidates -- */

static void
upnp_discovery_finish_candidate (UpnpDiscovery *self)
{
  UpnpCandidate *candidate = g_steal_pointer (&self->current);

  clear_timer (&self->turn);
  candidate->active = FALSE;
  candidate->done = TRUE;
  if (candidate->score == UPNP_SCORE_UNUSABLE)
    note (self, _ ("%s cannot be used: %s"), candidate->device->name,
          candidate->problem != NULL ? candidate->problem
                                     : _ ("it has no service that maps ports"));
  g_clear_pointer (&self->operation.device, upnp_device_unref);
  upnp_discovery_advance (self);
}

static void
on_reply (const UpnpSoapReply *reply,
          const char *local_address,
          const GError *error,
          gpointer user_data)
{
  UpnpDiscovery *self = user_data;

  if (error != NULL)
    upnp_candidate_take_error (self->current, error);
  else
    upnp_candidate_take (self->current, reply);
  upnp_discovery_continue (self);
}

/* Sends the next request to the current candidate. */
static void
upnp_discovery_continue (UpnpDiscovery *self)
{
  const gint64 spent = (upnp_discovery_get_time (self) - self->started) / 1000;
  UpnpService *service;
  UpnpSoapRequest request;

  if (self->current->device->is_gateway && spent >= QUESTIONS_END)
    upnp_candidate_accept (self->current);

  service = upnp_candidate_get_service (self->current);
  request = (UpnpSoapRequest){ .action = upnp_candidate_get_action (self->current) };

  if (service != NULL)
    upnp_operation_call (&self->operation, service, &request, on_reply);
  else
    upnp_discovery_finish_candidate (self);
}

static void
on_described (const GError *error, gpointer user_data)
{
  UpnpDiscovery *self = user_data;
  UpnpDescription *description = self->operation.device->description;
  gboolean ipv6 = upnp_session_is_ipv6 (self->operation.session);
  g_autofree char *described = NULL;
  GPtrArray *services;

  self->operation.pending = NULL;
  clear_timer (&self->turn);
  if (error != NULL)
    {
      g_autofree char *problem =
        g_strdup_printf (_ ("its description cannot be read: %s"), error->message);

      upnp_candidate_reject (self->current, problem);
      upnp_discovery_finish_candidate (self);
      return;
    }

  services = upnp_candidate_get_services (self->current);
  if (ipv6 && services->len == 0)
    upnp_candidate_reject (self->current, _ ("it has no service that opens its IPv6 firewall"));
  described = upnp_discovery_text_dup_described (self->operation.device, ipv6, services->len);
  note (self, "%s", described);
  if (!description->whole)
    note (self, _ ("the description of %s is not well-formed"), self->operation.device->name);
  upnp_discovery_continue (self);
}

/* -- The choice -- */

static void
upnp_discovery_succeed (UpnpDiscovery *self, UpnpCandidate *chosen)
{
  UpnpDevice *device = chosen->device;

  /* Translators: a service, its router, and what this is, such as “the default gateway”. */
  note (self, _ ("chosen: %s of %s, %s"), device->service->type, device->name,
        upnp_link_place (upnp_session_get_network (self->operation.session), device->is_gateway));
  upnp_session_set_device (self->operation.session, device);
  upnp_operation_succeed (&self->operation);
}

/* Takes the error. */
static void
upnp_discovery_fail_search (UpnpDiscovery *self, GError *error)
{
  g_autoptr (PlumCall) call = upnp_operation_finish (&self->operation);

  g_prefix_error (&error, _ ("UPnP: cannot search: "));
  plum_call_return_error (call, error);
}

/* The device answered, but it cannot be used. */
static void
upnp_discovery_fail_candidate (UpnpDiscovery *self, UpnpCandidate *candidate)
{
  guint n_tries = upnp_pool_get_n_tries (self->pool);
  gboolean forged = candidate->device->is_gateway && n_tries > MANY_TRIES;
  g_autofree char *text =
    upnp_discovery_text_dup_failed (candidate, forged ? n_tries : 0,
                                    upnp_session_is_ipv6 (self->operation.session));

  upnp_operation_fail (&self->operation,
                       candidate->refuses ? PLUM_ERROR_REFUSED : PLUM_ERROR_NOT_SUPPORTED, "%s",
                       text);
}

static void
upnp_discovery_fail (UpnpDiscovery *self)
{
  guint n = g_hash_table_size (self->senders);
  UpnpCandidate *candidate = upnp_pool_find_problem (self->pool);
  const GError *unsent = self->search != NULL ? upnp_search_get_error (self->search) : NULL;

  if (n == 0 && unsent != NULL)
    upnp_discovery_fail_search (self, g_error_copy (unsent));
  else if (n == 0)
    upnp_operation_fail (&self->operation, PLUM_ERROR_TIMED_OUT,
                         _ ("no device answered the search in %.1f s"),
                         (double) (upnp_discovery_get_time (self) - self->started) /
                           G_USEC_PER_SEC);
  else if (candidate != NULL)
    upnp_discovery_fail_candidate (self, candidate);
  else if (self->not_used != NULL)
    {
      g_autofree char *text = g_steal_pointer (&self->not_used);

      upnp_operation_fail (&self->operation, PLUM_ERROR_NOT_SUPPORTED, "%s", text);
    }
  else
    upnp_operation_fail (&self->operation, PLUM_ERROR_NOT_SUPPORTED,
                         g_dngettext (GETTEXT_PACKAGE,
                                      "%u device answered; it is not an internet gateway",
                                      "%u devices answered; none is an internet gateway", n),
                         n);
}

/* Whether the gateway does not allow hosts to open its firewall. No other device could help. */
static gboolean
gateway_refuses (UpnpDiscovery *self)
{
  UpnpCandidate *candidate = upnp_pool_find_problem (self->pool);

  return candidate != NULL && candidate->refuses && candidate->device->is_gateway;
}

static gboolean
on_turn_expired (gpointer user_data)
{
  UpnpDiscovery *self = user_data;

  g_clear_pointer (&self->turn, g_source_unref);
  self->turn_expired = TRUE;
  upnp_discovery_advance (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_timer (gpointer user_data)
{
  UpnpDiscovery *self = user_data;

  g_clear_pointer (&self->timer, g_source_unref);
  upnp_discovery_advance (self);
  return G_SOURCE_REMOVE;
}

/* Whether another candidate is examined before the current one. A more trustworthy answer takes
 * precedence; among equals, one that is slow waits, once. */
static gboolean
upnp_discovery_yields (UpnpDiscovery *self, UpnpCandidate *next)
{
  UpnpCandidate *current = self->current;

  if (!next->device->is_gateway)
    return FALSE;
  if (!current->device->is_gateway || next->origin < current->origin)
    return TRUE;

  return self->turn_expired && current->device->description == NULL && !current->interrupted &&
         next->origin == current->origin;
}

static void
upnp_discovery_interrupt (UpnpDiscovery *self)
{
  UpnpCandidate *candidate = g_steal_pointer (&self->current);

  clear_timer (&self->turn);
  g_clear_pointer (&self->operation.pending, upnp_device_call_cancel);
  g_clear_pointer (&self->operation.device, upnp_device_unref);
  candidate->active = FALSE;
  candidate->interrupted = TRUE;
}

static void
upnp_discovery_examine (UpnpDiscovery *self, UpnpCandidate *candidate)
{
  self->current = candidate;
  self->turn_expired = FALSE;
  upnp_pool_start (self->pool, candidate);
  self->operation.device = upnp_device_ref (candidate->device);
  if (candidate->device->description != NULL)
    {
      upnp_discovery_continue (self);
      return;
    }

  upnp_discovery_start_timer (self, &self->turn, TURN, on_turn_expired);
  self->operation.pending = upnp_device_describe (self->operation.device, on_described, self);
}

/* No candidate is left, or none until wait_ms have passed. */
static void
upnp_discovery_conclude (UpnpDiscovery *self, guint wait_ms)
{
  UpnpCandidate *best = self->window_expired ? upnp_pool_find_best (self->pool) : NULL;
  gboolean over = self->expired || (self->window_expired && self->gateway_answered && wait_ms == 0);

  if (best != NULL && (wait_ms == 0 || self->expired))
    upnp_discovery_succeed (self, best);
  else if (over || gateway_refuses (self))
    upnp_discovery_fail (self);
  else if (wait_ms != 0)
    upnp_discovery_start_timer (self, &self->timer, wait_ms, on_timer);
}

static void
upnp_discovery_advance (UpnpDiscovery *self)
{
  UpnpCandidate *good = self->current == NULL ? upnp_pool_find_good_gateway (self->pool) : NULL;
  UpnpCandidate *next;
  guint wait_ms;

  if (good != NULL)
    {
      upnp_discovery_succeed (self, good);
      return;
    }

  next =
    upnp_pool_peek (self->pool, self->window_expired, upnp_discovery_get_time (self), &wait_ms);
  if (self->current != NULL)
    {
      if (next == NULL || !upnp_discovery_yields (self, next))
        return;
      upnp_discovery_interrupt (self);
    }
  if (self->expired)
    next = NULL;

  /* Further searches would only keep the device busy. An announcement may be forged: the search for
   * an answer continues. */
  if (self->search != NULL)
    upnp_search_set_paused (self->search, next != NULL && next->origin != UPNP_ORIGIN_ANNOUNCEMENT);
  if (next != NULL)
    upnp_discovery_examine (self, next);
  else
    upnp_discovery_conclude (self, wait_ms);
}

static gboolean
on_patience_expired (gpointer user_data)
{
  UpnpDiscovery *self = user_data;

  g_clear_pointer (&self->patience, g_source_unref);
  self->expired = TRUE;
  upnp_discovery_advance (self);
  return G_SOURCE_REMOVE;
}

static void
on_search_finished (gpointer user_data)
{
  UpnpDiscovery *self = user_data;
  const gint64 spent = (upnp_discovery_get_time (self) - self->started) / 1000;

  self->window_expired = TRUE;
  upnp_discovery_start_timer (self, &self->patience, (guint) MAX (PATIENCE - spent, 0),
                              on_patience_expired);
  upnp_discovery_advance (self);
}

/* Examines the device of a known description, without a search. location: (transfer full) */
static void
upnp_discovery_use (UpnpDiscovery *self, UpnpUrl *location, GInetAddress *address)
{
  self->window_expired = self->gateway_answered = TRUE;
  add_sender (self, location->host);
  upnp_pool_add (self->pool, upnp_candidate_new (self->operation.session, address, location, -1,
                                                 UPNP_ORIGIN_GATEWAY));
  upnp_discovery_advance (self);
}

void
upnp_discovery_start (UpnpSession *session, PlumCall *call)
{
  const char *obstacle = upnp_link_find_obstacle (upnp_session_get_network (session));
  UpnpDiscovery *self =
    upnp_operation_new (sizeof (UpnpDiscovery), session, call, upnp_discovery_clear);
  g_autoptr (GInetAddress) address = NULL;
  g_autoptr (UpnpUrl) location = NULL;
  g_autoptr (GError) error = NULL;

  self->started = upnp_discovery_get_time (self);
  self->pool = upnp_pool_new ();
  self->senders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (obstacle != NULL)
    {
      upnp_operation_fail (&self->operation, PLUM_ERROR_NOT_SUPPORTED, "%s", obstacle);
      return;
    }

  location = upnp_location_read (session, &address, &error);
  if (error != NULL)
    {
      upnp_discovery_fail_search (self, g_steal_pointer (&error));
      return;
    }
  if (location != NULL)
    {
      upnp_discovery_use (self, g_steal_pointer (&location), address);
      return;
    }

  self->search =
    upnp_search_new (upnp_session_get_backend (session), upnp_session_get_context (session),
                     on_discovery_message, on_search_finished, self, &error);
  if (self->search == NULL)
    upnp_discovery_fail_search (self, g_steal_pointer (&error));
}
