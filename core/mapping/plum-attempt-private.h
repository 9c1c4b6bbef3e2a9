/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-gateway-private.h"
#include "plum-settings-private.h"

G_BEGIN_DECLS

/* One attempt to get a lease: requests it from one candidate of the gateway after the other until
 * one of them grants a lease that fits. An attempt object serves any number of attempts, one at a
 * time. It does not use mappings: it reports to its client, the lease holder. */
typedef struct _PlumAttempt PlumAttempt;

/* How long to wait for a delete that may remain unanswered. */
#define PLUM_ATTEMPT_CLEAN_UP_MS 250

typedef enum {
  PLUM_ATTEMPT_GRANTED, /* the candidate granted lease; the attempt is finished */
  PLUM_ATTEMPT_UNFIT,   /* the candidate granted lease, which does not fit: it will be deleted */
  PLUM_ATTEMPT_REFUSED, /* the candidate did not add the mapping: error */
  PLUM_ATTEMPT_DELETED, /* what the candidate may have added is deleted; error: perhaps not */
  PLUM_ATTEMPT_FAILED,  /* no candidate is left; the attempt is finished with error */
} PlumAttemptEventKind;

/* Fields that do not apply are NULL or 0. All borrowed. */
typedef struct
{
  PlumAttemptEventKind kind;
  guint candidate;
  PlumLease *lease;
  const GError *error;
  GListModel *verdicts; /* of PLUM_ATTEMPT_FAILED: (nullable) */
} PlumAttemptEvent;

typedef struct
{
  /* Returns the request for the candidate. Returns NULL without an error if the request must not
   * be sent yet: plum_attempt_race_changed () tries again. Fails if no candidate can succeed.
   * (transfer full) (nullable) */
  PlumRequest *(*prepare) (guint candidate, gpointer user_data, GError **error);
  /* Returns why lease does not fit, NULL if it fits. (transfer full) (nullable) */
  GError *(*check_lease) (guint candidate, PlumLease *lease, gpointer user_data);
  /* Whether a particular external port is required. */
  gboolean (*requires_port) (gpointer user_data);
  void (*handle_event) (const PlumAttemptEvent *event, gpointer user_data);
} PlumAttemptClientInterface;

PlumAttempt *plum_attempt_new (const PlumSettings *settings,
                               const PlumAttemptClientInterface *iface,
                               gpointer user_data);
void plum_attempt_free (PlumAttempt *self);
/* Sets the gateway of the next attempt. gateway: (nullable), borrowed. */
void plum_attempt_set_gateway (PlumAttempt *self, PlumGateway *gateway);

/* Starts with all candidates. again: also those that failed to answer the last discovery. */
void plum_attempt_start (PlumAttempt *self, gboolean again);
void plum_attempt_cancel (PlumAttempt *self);
/* The race of the gateway, or the answer of prepare (), may have changed. */
void plum_attempt_race_changed (PlumAttempt *self);

/* Whether a candidate is available that the last attempt did not try. */
gboolean plum_attempt_has_untried (PlumAttempt *self);
/* The backend that may have the requested mapping: it was asked, or its clean-up is pending.
 * (transfer none) (nullable) */
PlumBackend *plum_attempt_get_backend (PlumAttempt *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumAttempt, plum_attempt_free)

G_END_DECLS
