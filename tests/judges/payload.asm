; A boot sector that says on the first serial port that it runs. A partition table has room behind it.
bits 16
org 0x7C00

        xor     ax, ax
        mov     ds, ax
        ; 9600 bits per second, 8 bits, no parity.
        mov     ax, 0x00E3
        xor     dx, dx
        int     0x14
        mov     si, line
next:   lodsb
        test    al, al
        jz      stop
        mov     ah, 1
        xor     dx, dx
        int     0x14
        jmp     next
stop:   hlt
        jmp     stop

line:   db      "the payload runs", 13, 10, 0

        times 446 - ($ - $$) db 0
        ; The only partition: active, FAT16, from block 1 on.
        db      0x80, 0, 2, 0, 6, 0, 2, 0
        dd      1, 1
        times 510 - ($ - $$) db 0
        dw      0xAA55
