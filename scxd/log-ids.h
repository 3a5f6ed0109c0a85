/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* MESSAGE_IDs of what scxd writes to the journal; explained in systemd/scxd.catalog. */

#define SCXD_MESSAGE_STARTED_STR "5a0f2f6c0b7a4c5f9c36c0a7a2a6f6d1"     /* a scheduler runs now */
#define SCXD_MESSAGE_EJECTED_STR "c1d0e7f1b7a24c9e8f1f5b6c6f0a4e12"     /* a scheduler ended without being asked to */
#define SCXD_MESSAGE_START_FAILED_STR "0b8d3d4e9f3446f0a6f2d7b1f9a7c3e5"        /* a scheduler could not be started */
#define SCXD_MESSAGE_EEVDF_STR "e4c7b8a19d5f4b37a0c5d2e6f1b3a8c4"       /* the machine is under the kernel's own EEVDF now */
#define SCXD_MESSAGE_EMERGENCY_STOP_STR "7d2c5e9a3b1f4d68b9e0f4a7c6d1e283"      /* SysRq-S */
#define SCXD_MESSAGE_FOREIGN_STR "93f6a1c8e2d74b5aa8c3e9f0b4d7c651"     /* somebody else's scheduler runs */
#define SCXD_MESSAGE_BAD_FILE_STR "2e9b4c7d1a6f4e83b5d8c0f7a3e6b192"    /* a profile or manifest is bad */
#define SCXD_MESSAGE_STATE_LOST_STR "b6e3d9f2c4a84710a7f5e1c8d2b9f364"  /* the state file could not be read or written */
#define SCXD_MESSAGE_STOPPED_STR "3f8a6d0c94e14b7fb2a5c7e9d1f60384"     /* scxd ended a scheduler */
#define SCXD_MESSAGE_RETRY_STR "d47e1b9a5c3048f2a6e8f0c2b4d69713"       /* a scheduler that failed is tried again later */
#define SCXD_MESSAGE_QUARANTINED_STR "8c5b2f7e0d9a41c6b3f4e6a8c1d70295" /* a scheduler failed too often */
#define SCXD_MESSAGE_LIFTED_STR "61e9c4a7f2b84d03958d7a1c3e5fb06d"      /* a scheduler is out of quarantine */
#define SCXD_MESSAGE_HISTORY_LOST_STR "f0a3d8b6e17c4295bc6e2f4a8d0b5c97"        /* the history cannot be kept */
