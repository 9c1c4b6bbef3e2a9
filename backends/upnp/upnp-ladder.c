/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-ladder.h"

#include <glib/gi18n-lib.h>

#define ANY_CODE 0
#define MAX_ROW_CODES 3
#define PRIVILEGED 1024
#define V2_MAX_LEASE 604800

/* When a row applies. Taking the step of a row makes its condition false, except for the last. */
typedef enum {
  WHEN_ALWAYS,
  WHEN_NOT_PERMANENT, /* a permanent lease was not tried */
  WHEN_NOT_HOUR,
  WHEN_NOT_WEEK,
  WHEN_ONLY_PERMANENT, /* the first lease was permanent, and an hour was not tried */
  WHEN_ONLY_LONG,      /* the same, and a week was not tried */
  WHEN_NOT_READ,
  WHEN_ANY_LEFT,   /* AddAnyPortMapping was not tried and may be supported */
  WHEN_ANY_BLIND,  /* the same, and it is unknown which ports are taken */
  WHEN_ANY_USEFUL, /* as WHEN_ANY_LEFT, and the router has a public address */
  WHEN_PORT_LEFT,  /* another port may be tried, up to UPNP_LADDER_MAX_PORTS */
  WHEN_FIRST_PORT, /* another port may be tried, once */
  WHEN_PRIVILEGED,
  WHEN_NOT_SAME, /* external != internal, and the external port is not required */
  WHEN_V2,       /* the service has AddAnyPortMapping */
  WHEN_EXACT,    /* the external port is required */
  WHEN_EXACT_NOT_READ,
  WHEN_EXACT_NOT_SAME,
  WHEN_LONG_TEXT,
  WHEN_NOT_STAR,
  WHEN_REMOTE, /* the entry is for one remote host */
} UpnpWhen;

typedef struct
{
  UpnpAction action;
  int codes[MAX_ROW_CODES];
  UpnpWhen when;
  UpnpNext next;
  UpnpLeaseKind lease;
  PlumError error;
  const char *advice;
} UpnpRow;

#define LEASE(when, kind) (when), UPNP_NEXT_LEASE, (kind), 0, NULL
#define TRY(when, next) (when), (next), UPNP_LEASE_REQUESTED, 0, NULL
#define FAIL_IF(when, error, advice) (when), UPNP_NEXT_FAIL, UPNP_LEASE_REQUESTED, (error), (advice)
#define FAIL(error, advice) FAIL_IF (WHEN_ALWAYS, (error), (advice))

/* The first row that applies determines the step. */
static const UpnpRow rows[] = {
  /* 725: only permanent leases (quirk 46). */
  { UPNP_ACTION_ADD, { 725 }, LEASE (WHEN_NOT_PERMANENT, UPNP_LEASE_PERMANENT) },
  { UPNP_ACTION_ADD,
    { 725 },
    FAIL (PLUM_ERROR_NOT_SUPPORTED, N_ ("it accepts neither limited nor permanent leases")) },

  /* 402 and similar: change the lease, the port, the description, in this order (quirk 47). */
  { UPNP_ACTION_ADD, { 402, 600, 601 }, LEASE (WHEN_NOT_PERMANENT, UPNP_LEASE_PERMANENT) },
  { UPNP_ACTION_ADD, { 402, 600, 601 }, LEASE (WHEN_NOT_HOUR, UPNP_LEASE_HOUR) },
  { UPNP_ACTION_ADD, { 402, 600, 601 }, LEASE (WHEN_NOT_WEEK, UPNP_LEASE_WEEK) },
  { UPNP_ACTION_ADD, { 402, 600, 601 }, TRY (WHEN_FIRST_PORT, UPNP_NEXT_OTHER_PORT) },
  { UPNP_ACTION_ADD, { 402, 600, 601 }, TRY (WHEN_LONG_TEXT, UPNP_NEXT_SHORT_TEXT) },
  { UPNP_ACTION_ADD, { 402, 600, 601 }, TRY (WHEN_ANY_LEFT, UPNP_NEXT_ADD_ANY) },
  { UPNP_ACTION_ADD,
    { 402, 600, 601 },
    FAIL (PLUM_ERROR_NOT_SUPPORTED,
          N_ ("it refuses every form of the request; its table may be full")) },

  /* 718, 729: the port is taken. The entry may belong to this host (quirk 49). */
  { UPNP_ACTION_ADD, { 718, 729 }, TRY (WHEN_NOT_READ, UPNP_NEXT_READ_ENTRY) },
  { UPNP_ACTION_ADD,
    { 718, 729 },
    FAIL_IF (WHEN_EXACT,
             PLUM_ERROR_CONFLICT,
             N_ ("the required external port belongs to another host")) },
  { UPNP_ACTION_ADD, { 718, 729 }, TRY (WHEN_ANY_BLIND, UPNP_NEXT_ADD_ANY) },
  { UPNP_ACTION_ADD, { 718, 729 }, TRY (WHEN_PORT_LEFT, UPNP_NEXT_OTHER_PORT) },
  { UPNP_ACTION_ADD,
    { 718, 729 },
    FAIL (PLUM_ERROR_CONFLICT, N_ ("every port that was tried is taken")) },

  /* 724: same ports required (quirk 51). */
  { UPNP_ACTION_ADD, { 724 }, TRY (WHEN_NOT_SAME, UPNP_NEXT_SAME_PORT) },
  { UPNP_ACTION_ADD,
    { 724 },
    FAIL_IF (WHEN_EXACT_NOT_SAME,
             PLUM_ERROR_NOT_SUPPORTED,
             N_ ("it supports only equal external and internal ports, and another external port is "
                 "required")) },
  { UPNP_ACTION_ADD,
    { 724 },
    FAIL (PLUM_ERROR_NOT_SUPPORTED,
          N_ ("it supports only equal external and internal ports, and refuses them")) },

  /* 726: only entries for all remote hosts. */
  { UPNP_ACTION_ADD,
    { 726 },
    FAIL_IF (WHEN_REMOTE,
             PLUM_ERROR_NOT_SUPPORTED,
             N_ ("it cannot restrict a mapping to one remote host")) },
  { UPNP_ACTION_ADD_ANY,
    { 726 },
    FAIL_IF (WHEN_REMOTE,
             PLUM_ERROR_NOT_SUPPORTED,
             N_ ("it cannot restrict a mapping to one remote host")) },

  /* 716, 727: wildcards. They are never sent: port 0 would map every port (quirk 52). */
  { UPNP_ACTION_ADD, { 716 }, TRY (WHEN_FIRST_PORT, UPNP_NEXT_OTHER_PORT) },
  { UPNP_ACTION_ADD, { 716 }, TRY (WHEN_ANY_LEFT, UPNP_NEXT_ADD_ANY) },
  { UPNP_ACTION_ADD,
    { 716, 727 },
    FAIL (PLUM_ERROR_NOT_SUPPORTED, N_ ("it can only forward all ports at once")) },

  { UPNP_ACTION_ADD, { 728 }, TRY (WHEN_FIRST_PORT, UPNP_NEXT_OTHER_PORT) },
  { UPNP_ACTION_ADD, { 728 }, TRY (WHEN_ANY_LEFT, UPNP_NEXT_ADD_ANY) },
  { UPNP_ACTION_ADD,
    { 728, 603 },
    FAIL (PLUM_ERROR_NO_RESOURCES, N_ ("its table is full: delete unused entries")) },

  /* 606: not authorized, often because the port is privileged (quirks 53, 54), belongs to another
   * host (RFC 6970), or is not one of the few that the router has: only the router can choose one
   * (quirk 76). */
  { UPNP_ACTION_ADD, { 606 }, TRY (WHEN_EXACT_NOT_READ, UPNP_NEXT_READ_ENTRY) },
  { UPNP_ACTION_ADD, { 606 }, TRY (WHEN_PRIVILEGED, UPNP_NEXT_HIGH_PORT) },
  { UPNP_ACTION_ADD, { 606 }, TRY (WHEN_FIRST_PORT, UPNP_NEXT_OTHER_PORT) },
  { UPNP_ACTION_ADD, { 606 }, TRY (WHEN_ANY_LEFT, UPNP_NEXT_ADD_ANY) },
  { UPNP_ACTION_ADD,
    { 606 },
    FAIL_IF (WHEN_V2,
             PLUM_ERROR_REFUSED,
             N_ (
               "it allows only some external ports, or none for this host: allow this host to open "
               "ports in the router's settings")) },
  { UPNP_ACTION_ADD,
    { 606, 604, 731 },
    FAIL (PLUM_ERROR_REFUSED, N_ ("allow this host to open ports in the router's settings")) },

  { UPNP_ACTION_ADD, { 605 }, TRY (WHEN_LONG_TEXT, UPNP_NEXT_SHORT_TEXT) },
  { UPNP_ACTION_ADD,
    { 605 },
    FAIL (PLUM_ERROR_NOT_SUPPORTED, N_ ("it refuses even the shortest description")) },
  { UPNP_ACTION_ADD,
    { 401, 602 },
    FAIL (PLUM_ERROR_NOT_SUPPORTED, N_ ("this service cannot map ports")) },

  /* 501 and unknown numbers give no reason: change the lease, then the port (quirk 48). */
  { UPNP_ACTION_ADD, { ANY_CODE }, LEASE (WHEN_NOT_PERMANENT, UPNP_LEASE_PERMANENT) },
  { UPNP_ACTION_ADD, { ANY_CODE }, LEASE (WHEN_ONLY_PERMANENT, UPNP_LEASE_HOUR) },
  { UPNP_ACTION_ADD, { ANY_CODE }, LEASE (WHEN_ONLY_LONG, UPNP_LEASE_WEEK) },
  { UPNP_ACTION_ADD, { ANY_CODE }, TRY (WHEN_EXACT_NOT_READ, UPNP_NEXT_READ_ENTRY) },
  { UPNP_ACTION_ADD, { ANY_CODE }, TRY (WHEN_FIRST_PORT, UPNP_NEXT_FRESH_PORT) },
  { UPNP_ACTION_ADD, { ANY_CODE }, TRY (WHEN_ANY_USEFUL, UPNP_NEXT_ADD_ANY) },
  { UPNP_ACTION_ADD,
    { ANY_CODE },
    FAIL (PLUM_ERROR_REFUSED, N_ ("check whether UPnP is enabled in the router's settings")) },

  /* If AddAnyPortMapping fails, use AddPortMapping (quirk 55). */
  { UPNP_ACTION_ADD_ANY, { 401, 602 }, TRY (WHEN_ALWAYS, UPNP_NEXT_ADD_PLAIN) },
  { UPNP_ACTION_ADD_ANY, { ANY_CODE }, TRY (WHEN_ALWAYS, UPNP_NEXT_OTHER_PORT) },

  { UPNP_ACTION_DELETE, { 714, 713 }, TRY (WHEN_ALWAYS, UPNP_NEXT_DONE) },
  { UPNP_ACTION_DELETE, { 402 }, TRY (WHEN_NOT_STAR, UPNP_NEXT_STAR) },
  { UPNP_ACTION_DELETE,
    { 401, 602 },
    FAIL (PLUM_ERROR_NOT_SUPPORTED, N_ ("this service cannot delete entries")) },
  { UPNP_ACTION_DELETE,
    { ANY_CODE },
    FAIL (PLUM_ERROR_REFUSED, N_ ("the entry may have to be deleted in the router's settings")) },

  /* The IPv6 firewall. The port and the address are fixed, so that few steps are possible. */
  { UPNP_ACTION_ADD_PINHOLE, { 702 }, TRY (WHEN_ALWAYS, UPNP_NEXT_NO_FIREWALL) },
  { UPNP_ACTION_ADD_PINHOLE,
    { 703 },
    FAIL (PLUM_ERROR_REFUSED,
          N_ ("allow hosts to open the IPv6 firewall in the router's settings")) },
  { UPNP_ACTION_ADD_PINHOLE,
    { 701, 603 },
    FAIL (PLUM_ERROR_NO_RESOURCES, N_ ("its table is full")) },
  { UPNP_ACTION_ADD_PINHOLE,
    { 705 },
    FAIL (PLUM_ERROR_NOT_SUPPORTED, N_ ("it does not support pinholes for this protocol")) },
  { UPNP_ACTION_ADD_PINHOLE,
    { 708 },
    FAIL (PLUM_ERROR_NOT_SUPPORTED, N_ ("it supports only pinholes for one known peer")) },
  { UPNP_ACTION_ADD_PINHOLE,
    { 606 },
    FAIL_IF (WHEN_PRIVILEGED, PLUM_ERROR_REFUSED, N_ ("it does not open ports below 1024")) },
  { UPNP_ACTION_ADD_PINHOLE,
    { 606, 604, 731 },
    FAIL (PLUM_ERROR_REFUSED, N_ ("allow this host to open ports in the router's settings")) },
  { UPNP_ACTION_ADD_PINHOLE, { 402, 600, 601 }, LEASE (WHEN_NOT_HOUR, UPNP_LEASE_HOUR) },
  { UPNP_ACTION_ADD_PINHOLE,
    { 402, 600, 601 },
    FAIL (PLUM_ERROR_NOT_SUPPORTED, N_ ("it refuses every form of the request")) },
  { UPNP_ACTION_ADD_PINHOLE,
    { 401, 602 },
    FAIL (PLUM_ERROR_NOT_SUPPORTED, N_ ("this service cannot open pinholes")) },
  { UPNP_ACTION_ADD_PINHOLE,
    { ANY_CODE },
    FAIL (PLUM_ERROR_REFUSED,
          N_ ("check whether hosts may open the firewall in the router's settings")) },

  /* 704 is specified for an unknown number. Routers also send 402, or 606 if the number belongs to
   * another host. Adding the pinhole again extends an existing one. */
  { UPNP_ACTION_UPDATE_PINHOLE, { 702 }, TRY (WHEN_ALWAYS, UPNP_NEXT_NO_FIREWALL) },
  { UPNP_ACTION_UPDATE_PINHOLE, { ANY_CODE }, TRY (WHEN_ALWAYS, UPNP_NEXT_ADD_PINHOLE) },

  { UPNP_ACTION_DELETE_PINHOLE, { 704, 702, 402 }, TRY (WHEN_ALWAYS, UPNP_NEXT_DONE) },
  { UPNP_ACTION_DELETE_PINHOLE,
    { 401, 602 },
    FAIL (PLUM_ERROR_NOT_SUPPORTED,
          N_ ("this service cannot close pinholes; they expire by themselves")) },
  { UPNP_ACTION_DELETE_PINHOLE,
    { ANY_CODE },
    FAIL (PLUM_ERROR_REFUSED, N_ ("the pinhole expires by itself")) },
};

void
upnp_attempt_init (UpnpAttempt *self,
                   UpnpAction action,
                   const UpnpMemory *memory,
                   guint internal_port,
                   guint lifetime,
                   gboolean v2)
{
  *self = (UpnpAttempt){
    .action = action,
    .lifetime = lifetime,
    .internal_port = internal_port,
    .v2 = v2,
    .memory = *memory,
  };

  self->first_lease =
    lifetime == 0 || lifetime == PLUM_LIFETIME_FOREVER ? UPNP_LEASE_PERMANENT : memory->lease;
  self->lease = self->first_lease;
  self->leases = 1u << self->lease;
}

void
upnp_attempt_set_port (UpnpAttempt *self, guint external_port)
{
  self->external_port = external_port;
  self->n_ports++;

  /* The requested port and the internal one may have entries of this host. */
  if (self->n_ports == 1 || external_port == self->internal_port)
    self->entry_read = FALSE;
}

static gboolean
was_tried (const UpnpAttempt *self, UpnpLeaseKind lease)
{
  return (self->leases & (1u << lease)) != 0;
}

static gboolean
row_applies (const UpnpRow *row, const UpnpAttempt *self)
{
  gboolean port_free = !self->memory.same_port && !self->exact;
  gboolean any_left =
    port_free && self->v2 && !self->has_others && !self->tried_any && !self->memory.no_add_any;
  gboolean same = self->external_port == self->internal_port;
  gboolean timed = was_tried (self, UPNP_LEASE_REQUESTED);

  switch (row->when)
    {
    case WHEN_NOT_PERMANENT:
      return !was_tried (self, UPNP_LEASE_PERMANENT);
    case WHEN_NOT_HOUR:
      return !was_tried (self, UPNP_LEASE_HOUR);
    case WHEN_NOT_WEEK:
      return !was_tried (self, UPNP_LEASE_WEEK);
    case WHEN_ONLY_PERMANENT:
      return !timed && !was_tried (self, UPNP_LEASE_HOUR);
    case WHEN_ONLY_LONG:
      return !timed && !was_tried (self, UPNP_LEASE_WEEK);
    case WHEN_NOT_READ:
      return !self->entry_read;
    case WHEN_ANY_LEFT:
      return any_left;
    case WHEN_ANY_BLIND:
      return any_left && !self->sees_taken;
    case WHEN_ANY_USEFUL:
      return any_left && !self->no_public_address;
    case WHEN_PORT_LEFT:
      return port_free && self->n_ports < UPNP_LADDER_MAX_PORTS;
    case WHEN_FIRST_PORT:
      return port_free && self->n_ports < 2;
    case WHEN_PRIVILEGED:
      return port_free && self->external_port < PRIVILEGED && self->n_ports < 2;
    case WHEN_NOT_SAME:
      return !same && !self->exact;
    case WHEN_V2:
      return self->v2;
    case WHEN_EXACT:
      return self->exact;
    case WHEN_EXACT_NOT_READ:
      return self->exact && !self->entry_read;
    case WHEN_EXACT_NOT_SAME:
      return self->exact && !same;
    case WHEN_LONG_TEXT:
      return !self->memory.short_text;
    case WHEN_NOT_STAR:
      return !self->memory.star_on_delete && !self->has_remote;
    case WHEN_REMOTE:
      return self->has_remote;
    case WHEN_ALWAYS:
    default:
      return TRUE;
    }
}

static gboolean
row_matches (const UpnpRow *row, UpnpAction action, int code)
{
  if (row->action != action)
    return FALSE;
  if (row->codes[0] == ANY_CODE)
    return TRUE;

  for (gsize i = 0; i < MAX_ROW_CODES; i++)
    {
      if (row->codes[i] != ANY_CODE && row->codes[i] == code)
        return TRUE;
    }

  return FALSE;
}

UpnpStep
upnp_ladder_next (const UpnpAttempt *self, int code)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      if (row_matches (&rows[i], self->action, code) && row_applies (&rows[i], self))
        return (UpnpStep){ rows[i].next, rows[i].lease, rows[i].error, rows[i].advice };
    }

  return (UpnpStep){ UPNP_NEXT_FAIL, UPNP_LEASE_REQUESTED, PLUM_ERROR_REFUSED, NULL };
}

/* After every kind of lease: the lease was not the reason. */
static void
return_to_first_lease (UpnpAttempt *self)
{
  if (was_tried (self, UPNP_LEASE_WEEK))
    self->lease = self->first_lease;
}

void
upnp_attempt_take (UpnpAttempt *self, const UpnpStep *step)
{
  switch (step->next)
    {
    case UPNP_NEXT_LEASE:
      self->lease = step->lease;
      self->leases |= 1u << step->lease;
      break;

    case UPNP_NEXT_READ_ENTRY:
      self->entry_read = TRUE;
      break;

    case UPNP_NEXT_ADD_ANY:
      self->action = UPNP_ACTION_ADD_ANY;
      self->tried_any = TRUE;
      return_to_first_lease (self);
      break;

    case UPNP_NEXT_ADD_PLAIN:
      self->memory.no_add_any = TRUE;
      self->action = UPNP_ACTION_ADD;
      break;

    case UPNP_NEXT_OTHER_PORT:
    case UPNP_NEXT_HIGH_PORT:
      self->action = UPNP_ACTION_ADD;
      return_to_first_lease (self);
      break;

    case UPNP_NEXT_FRESH_PORT:
      self->lease = self->first_lease;
      self->leases = 1u << self->first_lease;
      break;

    case UPNP_NEXT_SAME_PORT:
      self->memory.same_port = TRUE;
      break;

    case UPNP_NEXT_SHORT_TEXT:
      self->memory.short_text = TRUE;
      break;

    case UPNP_NEXT_STAR:
      self->memory.star_on_delete = TRUE;
      break;

    case UPNP_NEXT_ADD_PINHOLE:
      self->action = UPNP_ACTION_ADD_PINHOLE;
      break;

    case UPNP_NEXT_FAIL:
    case UPNP_NEXT_DONE:
    case UPNP_NEXT_NO_FIREWALL:
    default:
      break;
    }
}

guint
upnp_attempt_get_lease (const UpnpAttempt *self)
{
  switch (self->lease)
    {
    case UPNP_LEASE_PERMANENT:
      return 0;
    case UPNP_LEASE_HOUR:
      return 3600;
    case UPNP_LEASE_WEEK:
      return 604800;
    case UPNP_LEASE_REQUESTED:
    case UPNP_N_LEASES:
    default:
      /* WANIPConnection:2 limits leases to a week. */
      return MIN (self->lifetime, V2_MAX_LEASE);
    }
}

const char *
upnp_attempt_get_remote_host (const UpnpAttempt *self, UpnpAction action, const char *remote)
{
  if (remote == NULL && action == UPNP_ACTION_DELETE && self->memory.star_on_delete)
    return "*";
  return remote;
}

void
upnp_attempt_learn (const UpnpAttempt *self, gboolean success, UpnpMemory *memory)
{
  /* Concurrent attempts share the memory: never clear the result of another one. */
  memory->no_add_any |= self->memory.no_add_any;
  memory->same_port |= self->memory.same_port;

  /* A step that did not help gives no information. */
  if (!success)
    return;

  memory->short_text |= self->memory.short_text;
  memory->star_on_delete |= self->memory.star_on_delete;
  if (self->lifetime != 0 && self->lifetime != PLUM_LIFETIME_FOREVER)
    memory->lease = self->lease;
}
