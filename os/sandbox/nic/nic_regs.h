/* SPDX-License-Identifier: MIT */
/*
 * Registers and descriptors of the 82540EM and the 82574L, as far as the driver uses them. Source: Intel, "PCI/PCI-X
 * Family of Gigabit Ethernet Controllers Software Developer's Manual" (8254x GbE SDM); the section of each is given.
 * What the 82574L alone has is marked; its source is Intel's "82574 GbE Controller Family Datasheet", chapters 7
 * (descriptors, interrupts), 9 (configuration space) and 10 (registers). All else is the same in both.
 */
#ifndef QV_NIC_REGS_H
#define QV_NIC_REGS_H

#define NIC_ID_82540EM 0x100e8086u /* PCI device << 16 | vendor */
#define NIC_ID_82574L  0x10d38086u

#define NIC_REG_CTRL             0x0000u /* 13.4.1 device control */
#define NIC_REG_STATUS           0x0008u /* 13.4.2 */
#define NIC_REG_EECD             0x0010u /* 82574L */
#define NIC_REG_CTRL_EXT         0x0018u /* 82574L */
#define NIC_REG_FCAL             0x0028u /* 13.4.7 .. 13.4.11 flow control: address, type, timer */
#define NIC_REG_FCAH             0x002cu
#define NIC_REG_FCT              0x0030u
#define NIC_REG_ICR              0x00c0u /* 13.4.17 interrupt cause; reading clears it */
#define NIC_REG_ITR              0x00c4u /* 13.4.18 interrupt throttling */
#define NIC_REG_ICS              0x00c8u /* 13.4.19 sets causes */
#define NIC_REG_IMS              0x00d0u /* 13.4.20 */
#define NIC_REG_IMC              0x00d8u /* 13.4.21 */
#define NIC_REG_IAM              0x00e0u /* 82574L: masked by an acknowledgement */
#define NIC_REG_RCTL             0x0100u /* 13.4.22 receive control */
#define NIC_REG_FCTTV            0x0170u
#define NIC_REG_TCTL             0x0400u /* 13.4.33 transmit control */
#define NIC_REG_TIPG             0x0410u /* 13.4.34 inter-packet gap */
#define NIC_REG_RDBAL            0x2800u /* 13.4.25 .. 13.4.29 receive ring: base, length, head, tail */
#define NIC_REG_RDBAH            0x2804u
#define NIC_REG_RDLEN            0x2808u
#define NIC_REG_RDH              0x2810u
#define NIC_REG_RDT              0x2818u
#define NIC_REG_RDTR             0x2820u /* 13.4.30 receive interrupt delay */
#define NIC_REG_RXDCTL           0x2828u /* write-back of descriptors */
#define NIC_REG_RADV             0x282cu /* 13.4.31 */
#define NIC_REG_TDBAL            0x3800u /* 13.4.36 .. 13.4.40 transmit ring */
#define NIC_REG_TDBAH            0x3804u
#define NIC_REG_TDLEN            0x3808u
#define NIC_REG_TDH              0x3810u
#define NIC_REG_TDT              0x3818u
#define NIC_REG_TXDCTL           0x3828u
#define NIC_REG_TARC0            0x3840u /* 82574L: arbitration between its transmit queues */
#define NIC_REG_STATISTICS_BEGIN 0x4000u /* 13.7: cleared by reading */
#define NIC_REG_STATISTICS_END   0x4100u
#define NIC_REG_RFCTL            0x5008u              /* 82574L: format of receive descriptors */
#define NIC_REG_MRQC             0x5818u              /* 82574L: number of receive queues */
#define NIC_REG_MTA              0x5200u              /* 13.5.1 multicast table, 128 words */
#define NIC_REG_RAL(n)           (0x5400u + 8u * (n)) /* 13.5.2 receive addresses, 16 pairs */
#define NIC_REG_RAH(n)           (0x5404u + 8u * (n)) /* 13.5.3 */
#define NIC_MTA_WORDS            128u
#define NIC_RECEIVE_ADDRESSES    16u

#define NIC_CTRL_NO_MASTER (1u << 2)  /* 82574L: no more requests to memory */
#define NIC_STATUS_MASTER  (1u << 19) /* 82574L: such requests may be under way */
#define NIC_EECD_LOADED    (1u << 9)  /* 82574L: what a reset reads from the EEPROM is there */

#define NIC_CTRL_ASDE    (1u << 5)
#define NIC_CTRL_SLU     (1u << 6)
#define NIC_CTRL_RST     (1u << 26)
#define NIC_CTRL_LRST    (1u << 3)
#define NIC_CTRL_ILOS    (1u << 7)
#define NIC_CTRL_VME     (1u << 30)
#define NIC_CTRL_PHY_RST (1u << 31)

#define NIC_RAH_VALID (1u << 31)

#define NIC_INT_LSC    (1u << 2)
#define NIC_INT_RXDMT0 (1u << 4)
#define NIC_INT_RXO    (1u << 6)
#define NIC_INT_RXT0   (1u << 7)
/* No transmit interrupts: what is sent is cleaned up by who sends next. */
#define NIC_INT_ALL (NIC_INT_RXDMT0 | NIC_INT_RXO | NIC_INT_RXT0)

#define NIC_RCTL_EN        (1u << 1)
#define NIC_RCTL_RDMTS_1_8 (2u << 8) /* warn when an eighth of the descriptors is left */
#define NIC_RCTL_BAM       (1u << 15)
#define NIC_RCTL_SECRC     (1u << 26) /* strip the frame check sequence; buffer size 2048 is 0 */
#define NIC_RCTL_VALUE     (NIC_RCTL_EN | NIC_RCTL_RDMTS_1_8 | NIC_RCTL_BAM | NIC_RCTL_SECRC)

#define NIC_TCTL_EN  (1u << 1)
#define NIC_TCTL_PSP (1u << 3)
/* Collision threshold 0Fh and distance 40h (full duplex), as 13.4.33 recommends. */
#define NIC_TCTL_VALUE  (NIC_TCTL_EN | NIC_TCTL_PSP | 0x0fu << 4 | 0x40u << 12)
#define NIC_TCTL_82574L (NIC_TCTL_VALUE | 1u << 28 | 1u << 29) /* several requests at once; both as after a reset */
#define NIC_TIPG_VALUE  (10u | 10u << 10 | 10u << 20)          /* table 13-77, IEEE 802.3 */

#define NIC_TIPG_82574L (8u | 8u << 10 | 6u << 20) /* as after a reset */

#define NIC_CTRL_EXT_AUTO_MASK (1u << 27 | 1u << 24) /* an acknowledgement masks interrupts */
#define NIC_CTRL_EXT_DRIVER    (1u << 28)            /* tells the device's firmware that a driver is at work */
#define NIC_RFCTL_EXTENDED     (1u << 15)            /* the other format of receive descriptors */
#define NIC_DCTL_EACH          (1u << 24 | 1u << 16) /* counted in descriptors; each is written back at once */
#define NIC_TXDCTL_COUNT       (1u << 22)            /* must be set */
#define NIC_TARC_ENABLE        (1u << 10)

/* Second word of a legacy receive descriptor, 3.2.3. */
#define NIC_RXD_LENGTH(word) ((uint32_t)(word)&0xffffu)
#define NIC_RXD_DD           (1ull << 32)
#define NIC_RXD_EOP          (1ull << 33)
#define NIC_RXD_ERRORS       (0x97ull << 40) /* CE, SE, SEQ, CXE, RXE; not the checksum offload's bits */

/* Second word of a legacy transmit descriptor, 3.3.3. */
#define NIC_TXD_LENGTH(word) ((uint32_t)(word)&0xffffu)
#define NIC_TXD_EOP          (1ull << 24)
#define NIC_TXD_IFCS         (1ull << 25)
#define NIC_TXD_RS           (1ull << 27)
#define NIC_TXD_DD           (1ull << 32)
#define NIC_TXD_SEND         (NIC_TXD_EOP | NIC_TXD_IFCS | NIC_TXD_RS)
/* A null descriptor (3.3.3.1): moves no data, only reports that it was passed. */
#define NIC_TXD_NULL NIC_TXD_RS

#endif
