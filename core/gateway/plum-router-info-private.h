/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-backend-private.h"

G_BEGIN_DECLS

/* What is known about the router of a gateway: as it describes itself, and made safe to show. Zero
 * is empty. */
typedef struct
{
  char *manufacturer;     /* (nullable) */
  char *model;            /* (nullable) */
  char *model_version;    /* (nullable) */
  char *presentation_url; /* (nullable) */
  PlumConnectionStatus connection_status;
  guint uptime; /* s; 0: unknown */
} PlumRouterInfo;

void plum_router_info_clear (PlumRouterInfo *self);

/* A text of a router for people; NULL: nothing remains of it. (transfer full) */
char *plum_router_info_make_text (const char *text);
/* url, if it is an absolute http or https URL whose host is address (nullable); otherwise NULL.
 * (transfer full) */
char *plum_router_info_make_url (const char *url, GInetAddress *address);

G_END_DECLS
