/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "upnp-negotiation.h"

G_BEGIN_DECLS

/* Why the entry of the port is read. */
typedef enum {
  READ_ANY_REMOTE, /* before the add of a restricted entry: the entry that is open to all hosts */
  READ_BEFORE_ADD,
  READ_AFTER_FAULT,
  READ_AFTER_REFUSAL, /* the same, of a router that may have added the entry nevertheless */
  READ_AFTER_UNKNOWN, /* the outcome of the add is unknown */
  READ_BACK,          /* the router has reported success */
} UpnpReadReason;

typedef struct _UpnpMap UpnpMap;

struct _UpnpMap
{
  UpnpNegotiation negotiation;
  PlumRequest *request;
  char *description;
  guint granted_port;
  guint granted_lifetime;
  UpnpReadReason reason;
  guint looked_port;       /* the last port whose entry was read before the add */
  guint left_port;         /* the port that may remain; valid if leftover is set */
  gboolean may_delete;     /* it had no entry of another host */
  gboolean look_refused;   /* the look was answered with a fault: most likely there was no entry */
  gboolean look_cut_off;   /* the look had no answer */
  gboolean look_repeated;  /* a router that shows its entries gave no usable answer */
  gboolean renewal;        /* this process holds the port */
  gboolean refusal_read;   /* its entry was read after a fault */
  UpnpSoapReply refusal;   /* that fault */
  int honest_code;         /* 0, or a fault after which there was no entry */
  guint honest_leases;     /* the kinds of lease that it refused */
  gboolean misdirected;    /* the entry that was read leads to another port */
  guint shown_port;        /* that port */
  gboolean internal_tried; /* the internal port as the external port */
  gboolean replaced;       /* this process's old entry was deleted, to be added again */
  UpnpTableEntry *seen;    /* (nullable): an entry of this host, whose remote host is looked for */
  gboolean verified;       /* the table shows the requested remote host */
  gboolean remote_ignored; /* it shows another one, or none */
  gboolean delete_any;     /* delete the entry without its remote host */
  gboolean delete_repeated;
  void (*verified_func) (UpnpMap *self, guint port, guint lifetime);
};

G_END_DECLS
