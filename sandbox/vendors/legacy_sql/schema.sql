create table custmast (
    cusno char(10) primary key,
    erpno char(10) not null default '',
    custyp char(1) not null check (custyp in ('B', 'P')),
    cunam1 char(30) not null,
    cunam2 char(30) not null default '',
    custr char(35) not null default '',
    cuzip char(10) not null default '',
    cucity char(25) not null default '',
    cuctry char(2) not null default '',
    cutel decimal(15, 0) not null default 0,
    cumail char(50) not null default '',
    loypts decimal(7, 0) not null default 0,
    loylvl char(1) not null default 'B',
    crtdt decimal(7, 0) not null,
    upddt decimal(7, 0) not null,
    updtm decimal(6, 0) not null,
    updusr char(10) not null default '',
    verno decimal(9, 0) not null,
    delcd char(1) not null default ''
);
create index custmas1 on custmast (upddt, updtm, cusno);

create table inbox (
    msg_id varchar(64) primary key,
    entity varchar(10) not null check (entity in ('CUSTOMER', 'ORDER')),
    entkey varchar(20) not null,
    payload varchar(2000),
    sts char(1) not null default 'N' check (sts in ('N', 'P', 'E')),
    errcd varchar(10) not null default '',
    errtx varchar(80) not null default '',
    crtts timestamp(6) not null,
    chgts timestamp(6) not null,
    crtusr varchar(10) not null default ''
);
create index inbox1 on inbox (chgts, msg_id);
